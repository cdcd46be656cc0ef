from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.errors import RefusedError
from pratique.provenance import strict


@pytest.mark.parametrize(
    "source",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "\\u0062": 2}}',
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\0}\0",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'"\\ud800"',
        b'{"\\udc00": 1}',
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000 + b"]" * 100_000,
        b"{} {}",
        b"{'a': 1}",
        b'"' + b"x" * strict.BUNDLE + b'"',
    ],
    ids=lambda source: repr(source[:24]),
)
def test_json_with_two_readings_or_none_is_refused(source: bytes) -> None:
    with pytest.raises(RefusedError):
        strict.read_json(source)


def test_json_with_one_reading_is_read() -> None:
    source = b'{"a": [1, 2.5, null, true, "\\ud83d\\ude00"]}'
    assert {"a": [1, 2.5, None, True, "\U0001f600"]} == strict.read_json(source)
    strict.read_json(b"[" * 31 + b"]" * 31)


@pytest.mark.parametrize(
    "text", ["YQ", "YR==", "YQ==\n", " YQ==", "Y Q==", "YQ===", "Y-8=", "YQ==YQ==", 7, None]
)
def test_base64_has_one_spelling(text: object) -> None:
    with pytest.raises(RefusedError):
        strict.b64(text, "it")
    assert b"a" == strict.b64("YQ==", "it")


@pytest.mark.parametrize("value", [-1, "-1", "01", "1.0", 1.0, True, "", "1" * 17, 2**53 + 1, None])
def test_a_number_has_one_spelling_and_a_bound(value: object) -> None:
    with pytest.raises(RefusedError):
        strict.number(value, "it")
    assert 12 == strict.number("12", "it") == strict.number(12, "it")


@pytest.mark.parametrize("value", ["a\nb", "\u202eabc", "x" * 1025, 3, "\x1b[2J"])
def test_text_is_short_and_printable(value: object) -> None:
    with pytest.raises(RefusedError):
        strict.text(value, "it")


def test_a_time_is_in_utc() -> None:
    assert datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) == strict.instant("2026-01-02T03:04:05Z", "it")
    for bad in ("2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05+00:00", 1, "\u0662"):
        with pytest.raises(RefusedError):
            strict.instant(bad, "it")


def test_a_key_on_another_curve_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = ec.derive_private_key(5, ec.SECP384R1()).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(RefusedError, match="P-256"):
        strict.curve_key(spki, "it")


@pytest.mark.parametrize(
    "der", ["3006020101020101", "30080202000102010100", "3081060201010201ff", "", "30", "3000"]
)
def test_a_signature_in_der_has_one_encoding(der: str) -> None:
    raw = bytes.fromhex(der)
    assert (der == "3006020101020101") == strict.is_canonical_signature(raw)
