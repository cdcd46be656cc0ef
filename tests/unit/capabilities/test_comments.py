"""Only what surely is a comment is left out of the search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.capabilities import wanted
from pratique.capabilities.code.comments import without_comments

LEFT_OUT = [
    b"/* eval */\n",
    b"a();\n/** @param {Function} f eval */\nb();\n",
    b"a <= b;\n  /* eval */\nc();\n",
    b"/* one ` < \\\n */ a();\n/* eval */\n",
    b"var a = 'x'; /* mid */\n\t/* eval */\n",
]
KEPT = {
    "inside a template": b"x = `\n/* ${eval(a)} */`",
    "behind a template": b"x = `a`;\n/* eval */",
    "the text of an element": b"x = <A>\n/* {eval(a)} */</A>",
    "an element with a blank": b"x = < A>\n/* {eval(a)} */</ A>",
    "a string that goes on": b"x = 'a\\\n/* ' + eval(b) + ' */';",
    "a string that goes on, as some systems end lines": b"x = 'a\\\r\n/* ' + eval(b) + ' */';",
    "inside a line": b"x = '/*' + eval(b) + '*/';",
    "inside a regular expression": b"x = /[/*]/.test(eval(b)) /*/.x*/",
    "behind the comment": b"/* a */ eval(b)",
    "in front of it": b"eval(b) /* a */",
    "between two": b"/* a */\neval(b)\n/* c */",
    "behind one that opens twice": b"/* a\n/* b */ eval(c) /* d */",
    "a comment without an end": b"/* eval",
    "behind a comment of one line": b"// /*\neval(a)\n// */",
}


@pytest.mark.parametrize("code", LEFT_OUT)
def test_nothing_is_found_in_a_comment(code: bytes) -> None:
    assert list(wanted().hits(code)) == []


@pytest.mark.parametrize("code", KEPT.values(), ids=KEPT)
def test_code_is_found_where_it_only_looks_like_a_comment(code: bytes) -> None:
    assert b"eval" in without_comments(code)


PARTS = st.sampled_from([
    b"/*", b"*/", b"\n", b" ", b"`", b"<", b"=", b"\\", b"//", b"'", b"a", b"eval", b"/", b"${",
    b"}",
])  # fmt: skip


@given(st.lists(PARTS, max_size=24).map(b"".join))
def test_places_stay_where_they_are_and_only_blanks_come_in(code: bytes) -> None:
    left = without_comments(code)
    assert len(left) == len(code)
    assert all(new in {old, 32} for old, new in zip(code, left, strict=True))
    assert left.count(b"`") == code.count(b"`") or b"/*" in code
