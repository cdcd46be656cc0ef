"""The test registry answers as npm's registry does."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from tests.conftest import ROOT
from tests.registry import Registry
from tests.registry.exchange import SHORT

WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def http() -> Any:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


def test_a_package_has_one_full_document(registry: Registry, http: Any) -> None:
    registry.publish("left", "1.0.0", published=WHEN, deprecated="old", bin={"left": "cli.js"})
    document = http.request("GET", registry.url + "left").json()
    version = document["versions"]["1.0.0"]
    assert document["dist-tags"] == {"latest": "1.0.0"}
    assert document["time"] == dict.fromkeys(
        ("created", "modified", "1.0.0"), "2026-05-04T03:02:01.000Z"
    )
    assert version["dist"]["tarball"] == registry.url + "left/-/left-1.0.0.tgz"
    assert version["deprecated"] == "old"
    assert version["bin"] == {"left": "cli.js"}
    assert version["_npmUser"]["name"] == "publisher"
    assert document["maintainers"] == version["maintainers"]


def test_the_abbreviated_document_has_modified_and_no_times(registry: Registry, http: Any) -> None:
    registry.publish("left", "1.0.0", published=WHEN, scripts={"postinstall": "node x"})
    answer = http.request("GET", registry.url + "left", headers={"accept": SHORT})
    document = answer.json()
    version = document["versions"]["1.0.0"]
    assert answer.headers["content-type"] == SHORT
    assert document["modified"] == "2026-05-04T03:02:01.000Z"
    assert version["hasInstallScript"] is True
    assert not {"scripts", "_npmUser", "time"} & {*version, *document}


@pytest.mark.parametrize(
    "path",
    ["@s%2fn", "@s%2Fn", "@s/n", "@s/n/1.0.0", "@s%2fn/latest", "%40s%2fn"],
)
def test_every_spelling_of_a_scope_is_the_same_package(
    registry: Registry, http: Any, path: str
) -> None:
    registry.publish("@s/n", "1.0.0")
    assert http.request("GET", registry.url + path).json()["name"] == "@s/n"


@pytest.mark.parametrize("path", ["@s/n/-/n-1.0.0.tgz", "@s%2fn/-/n-1.0.0.tgz"])
def test_a_tarball_has_the_stated_digest(registry: Registry, http: Any, path: str) -> None:
    registry.publish("@s/n", "1.0.0")
    dist = http.request("GET", registry.url + "@s%2fn/1.0.0").json()["dist"]
    body = http.request("GET", registry.url + path, headers={"accept-encoding": "gzip"}).data
    digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
    assert dist["integrity"] == f"sha512-{digest}"
    assert dist["shasum"] == hashlib.sha1(body, usedforsecurity=False).hexdigest()


def test_the_manifest_inside_is_that_of_the_metadata(registry: Registry) -> None:
    inner = registry.publish("inner", "1.0.0", files={"lib/a.js": "1"})
    release = registry.publish(
        "outer", "2.0.0", dependencies={"x": "^1.0.0"}, bundled=[inner], bin="cli.js",
        files={"cli.js": "#!/usr/bin/env node\n"},
    )  # fmt: skip
    with tarfile.open(fileobj=io.BytesIO(release.bytes)) as archive:
        names = archive.getnames()
        handle = archive.extractfile("package/package.json")
        assert handle is not None
        manifest = json.loads(handle.read())
        assert archive.getmember("package/cli.js").mode == 0o755
    assert "package/node_modules/inner/lib/a.js" in names
    assert manifest.items() <= release.metadata.items()
    assert manifest["bundleDependencies"] == ["inner"]


def test_the_manifest_inside_can_differ_from_the_metadata(registry: Registry) -> None:
    release = registry.publish(
        "two-faced", "1.0.0", scripts={"install": "x"}, metadata={"scripts": None}
    )
    assert "scripts" not in release.metadata
    assert b'"install"' in release.files["package.json"]


def test_the_same_release_has_the_same_bytes_in_every_run() -> None:
    first, second = (Registry().publish("a", "1.0.0", files={"b": "c"}) for _ in range(2))
    assert first.bytes == second.bytes
    assert first.bytes[4:8] == bytes(4)  # gzip's own time stamp


@pytest.mark.parametrize(
    ("form", "members"),
    [
        ("sha512", {"integrity", "shasum"}),
        ("sha512-only", {"integrity"}),
        ("sha1-only", {"shasum"}),
        ("none", set()),
        ("sha512-AAAA", {"integrity", "shasum"}),
    ],
)
def test_a_release_can_have_fewer_digests(registry: Registry, form: str, members: set[str]) -> None:
    dist = registry.publish("a", "1.0.0", integrity=form).metadata["dist"]
    assert {"integrity", "shasum"} & dist.keys() == members


def test_a_binding_gyp_makes_an_install_script_in_the_metadata_only(registry: Registry) -> None:
    release = registry.publish("native", "1.0.0", files={"binding.gyp": "{}"})
    assert release.metadata["gypfile"] is True
    assert release.metadata["scripts"] == {"install": "node-gyp rebuild"}
    assert b"node-gyp" not in release.files["package.json"]


def test_signatures_verify_with_the_served_key(registry: Registry, http: Any) -> None:
    registry.publish("@s/n", "1.0.0")
    dist = http.request("GET", registry.url + "@s%2fn/1.0.0").json()["dist"]
    (served,) = http.request("GET", registry.url + "-/npm/v1/keys").json()["keys"]
    (signature,) = dist["signatures"]
    raw = base64.b64decode(served["key"])
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    key = load_der_public_key(raw)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert signature["keyid"] == served["keyid"] == f"SHA256:{digest}"
    key.verify(
        base64.b64decode(signature["sig"]),
        f"@s/n@1.0.0:{dist['integrity']}".encode(),
        ec.ECDSA(hashes.SHA256()),
    )


def test_attestations_are_at_the_address_that_the_metadata_names(
    registry: Registry, http: Any
) -> None:
    document = {"predicateType": "https://slsa.dev/provenance/v1", "bundle": {"x": 1}}
    registry.publish("@s/n", "1.0.0", attestations=[document], trusted_publisher=True)
    registry.publish("bare", "1.0.0")
    version = http.request("GET", registry.url + "@s%2fn/1.0.0").json()
    attestations = version["dist"]["attestations"]
    assert attestations["provenance"] == {"predicateType": "https://slsa.dev/provenance/v1"}
    assert http.request("GET", attestations["url"]).json() == {"attestations": [document]}
    assert version["_npmUser"]["trustedPublisher"]["id"] == "github"
    assert http.request("GET", registry.url + "-/npm/v1/attestations/bare@1.0.0").status == 404


def test_a_withdrawn_release_leaves_its_time_behind(registry: Registry, http: Any) -> None:
    registry.publish("a", "1.0.0")
    registry.publish("a", "1.1.0")
    registry.withdraw("a", "1.1.0")
    document = http.request("GET", registry.url + "a").json()
    assert list(document["versions"]) == ["1.0.0"]
    assert document["dist-tags"] == {"latest": "1.0.0"}
    assert "1.1.0" in document["time"]
    assert http.request("GET", registry.url + "a/1.1.0").status == 404
    assert http.request("GET", registry.url + "a/-/a-1.1.0.tgz").status == 404


def test_a_withdrawn_package_says_when(registry: Registry, http: Any) -> None:
    registry.publish("a", "1.0.0")
    registry.withdraw("a", at=WHEN)
    document = http.request("GET", registry.url + "a").json()
    assert document["time"]["unpublished"]["time"] == "2026-05-04T03:02:01.000Z"
    assert "versions" not in document


def test_a_hidden_release_still_has_its_tarball(registry: Registry, http: Any) -> None:
    registry.publish("a", "1.0.0")
    hidden = registry.publish("a", "1.1.0")
    registry.hide("a", "1.1.0")
    assert "1.1.0" not in http.request("GET", registry.url + "a").json()["versions"]
    assert http.request("GET", registry.url + "a/-/a-1.1.0.tgz").data == hidden.bytes


def test_a_deprecation_changes_the_validator(registry: Registry, http: Any) -> None:
    registry.publish("a", "1.0.0")
    first = http.request("GET", registry.url + "a")
    unchanged = {"if-none-match": first.headers["etag"]}
    assert http.request("GET", registry.url + "a", headers=unchanged).status == 304
    registry.deprecate("a", "1.0.0", "gone bad")
    again = http.request("GET", registry.url + "a", headers=unchanged)
    assert again.status == 200
    assert again.json()["versions"]["1.0.0"]["deprecated"] == "gone bad"


def test_documents_are_gzipped_only_where_asked(registry: Registry, http: Any) -> None:
    registry.publish("a", "1.0.0")
    plain = http.request("GET", registry.url + "a", decode_content=False)
    asked = {"accept-encoding": "gzip"}
    packed = http.request("GET", registry.url + "a", headers=asked, decode_content=False)
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data


@pytest.mark.parametrize("path", ["nothing", "a/9.9.9", "a/-/a-9.9.9.tgz", "a/b/c", "-/nothing"])
def test_what_is_not_there_is_404_with_json(registry: Registry, http: Any, path: str) -> None:
    registry.publish("a", "1.0.0")
    answer = http.request("GET", registry.url + path)
    assert answer.status == 404
    assert answer.json()


def test_head_has_the_headers_of_get_and_no_body(registry: Registry, http: Any) -> None:
    release = registry.publish("a", "1.0.0")
    answer = http.request("HEAD", registry.url + release.path)
    assert answer.headers["content-length"] == str(len(release.bytes))
    assert answer.data == b""


def test_advisories_are_matched_by_version_in_a_gzipped_question(
    registry: Registry, http: Any
) -> None:
    registry.advise("a", ["1.0.0"], severity="critical")
    for versions, found in ((["1.0.0"], ["critical"]), (["1.0.1"], [])):
        body = gzip.compress(json.dumps({"a": versions, "b": ["1.0.0"]}).encode())
        answer = http.request(
            "POST", registry.url + "-/npm/v1/security/advisories/bulk", body=body,
            headers={"content-encoding": "gzip"},
        ).json()  # fmt: skip
        assert [one["severity"] for one in answer.get("a", [])] == found


def test_a_question_may_come_in_chunks(registry: Registry, http: Any) -> None:
    registry.advise("a", ["1.0.0"])
    body = iter([b'{"a":', b'["1.0.0"]}'])
    path = registry.url + "-/npm/v1/security/advisories/bulk"
    answer = http.request("POST", path, body=body, chunked=True)
    assert list(answer.json()) == ["a"]
    assert http.request("GET", registry.url + "-/ping").status == 200


def test_it_runs_by_hand_and_prints_its_address(http: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.registry", "--prefix", "/npm/", "--load", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        try:
            served = http.request("GET", address + "hello-registry").json()
        finally:
            process.terminate()
    assert address.endswith("/npm/")
    assert served["name"] == "hello-registry"


def test_search_ping_tags_and_whoami(registry: Registry, http: Any) -> None:
    registry.publish("left-pad", "1.0.0")
    registry.protect("@corp/*", "secret", user="ann")
    get = [
        http.request("GET", registry.url + path)
        for path in ("-/ping", "-/v1/search?text=left", "-/package/left-pad/dist-tags", "-/whoami")
    ]
    assert [one.status for one in get] == [200, 200, 200, 401]
    assert get[1].json()["objects"][0]["package"]["name"] == "left-pad"
    assert get[2].json() == {"latest": "1.0.0"}
    known = {"authorization": "Bearer secret"}
    who = http.request("GET", registry.url + "-/whoami", headers=known)
    assert who.json() == {"username": "ann"}


def test_a_prefix_is_part_of_every_address(http: Any) -> None:
    with Registry(prefix="/npm/") as registry:
        registry.publish("a", "1.0.0")
        tarball = http.request("GET", registry.url + "a/1.0.0").json()["dist"]["tarball"]
        outside = http.request("GET", f"http://127.0.0.1:{registry.port}/a")
        assert registry.url.endswith("/npm/")
        assert tarball == registry.url + "a/-/a-1.0.0.tgz"
        assert http.request("GET", tarball).status == 200
        assert outside.status == 404


def test_two_host_names_lead_to_it_and_tarballs_follow(registry: Registry, http: Any) -> None:
    registry.publish("a", "1.0.0")
    for address in (registry.url, registry.other_url):
        tarball = http.request("GET", address + "a/1.0.0").json()["dist"]["tarball"]
        assert tarball.startswith(address)
    assert registry.url != registry.other_url


def test_recorded_documents_are_served_at_our_address(
    registry: Registry, http: Any, tmp_path: Path
) -> None:
    recorded = Registry().publish("@s/n", "1.0.0")
    packument = {
        "name": "@s/n",
        "dist-tags": {"latest": "1.0.0", "next": "2.0.0-1"},
        "versions": {"1.0.0": recorded.document("https://registry.example/")},
        "time": {"1.0.0": "2019-01-01T00:00:00.000Z"},
        "license": "MIT",
    }
    attestations = {"attestations": [{"predicateType": "x"}]}
    (tmp_path / "sub").mkdir()
    (tmp_path / "n.json").write_text(json.dumps(packument))
    (tmp_path / "unrelated.json").write_text("[]")
    (tmp_path / "sub" / "s-n-1.0.0.tgz").write_bytes(recorded.bytes)
    (tmp_path / "@s%2fn@1.0.0.attestations.json").write_text(json.dumps(attestations))
    registry.load(tmp_path)
    served = http.request("GET", registry.url + "@s%2fn").json()
    tarball = served["versions"]["1.0.0"]["dist"]["tarball"]
    told = http.request("GET", registry.url + "-/npm/v1/attestations/@s%2fn@1.0.0").json()
    assert served["dist-tags"] == packument["dist-tags"]
    assert served["time"] == packument["time"]
    assert served["license"] == "MIT"
    assert http.request("GET", tarball).data == recorded.bytes
    assert tarball.startswith(registry.url)
    assert told == attestations
