"""PCRE patterns: read as PCRE2 reads them, refused in its words, bounded in time."""

from __future__ import annotations

import contextlib
from typing import Any

import pcre2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SearchError, UnsupportedSPL
from harness.values.pcre import PatternError, compile_pcre

REFUSED = [
    ("[a", "missing terminating ] for character class"),
    ("[]", "missing terminating ] for character class"),
    ("(a", "missing closing parenthesis"),
    ("(?i", "missing closing parenthesis"),
    ("a**", "quantifier does not follow a repeatable item"),
    ("*a", "quantifier does not follow a repeatable item"),
    ("a{2}{3}", "quantifier does not follow a repeatable item"),
    (r"\b+", "quantifier does not follow a repeatable item"),
    ("a|+", "quantifier does not follow a repeatable item"),
    ("a{3,1}", "numbers out of order in {} quantifier"),
    ("a{70000}", "number too big in {} quantifier"),
    ("[z-a]", "range out of order in character class"),
    (r"[a-\d]", "invalid range in character class"),
    ("a)", "unmatched closing parenthesis"),
    ("(?P<1bad>x)", "subpattern name must start with a non-digit"),
    ("(?<a>x)(?<a>y)", "two named subpatterns have the same name (PCRE2_DUPNAMES not set)"),
    ("(?<", "subpattern name expected"),
    ("(?", "subpattern name expected"),
    ("(?<>x)", "subpattern name expected"),
    ("(?<a-b>x)", "syntax error in subpattern name (missing terminator?)"),
    ("a\\", "\\ at end of pattern"),
    (r"\y", "unrecognized character follows \\"),
    (r"\2(a)", "reference to non-existent subpattern"),
    (r"\k<x>", "reference to non-existent subpattern"),
    ("(?z)", "unrecognized character after (? or (?-"),
    ("(?#x", "missing ) after (?# comment"),
    ("[[:foo:]]", "unknown POSIX class name"),
    ("[[.a.]]", "POSIX collating elements are not supported"),
    (r"[\R]", "escape sequence is invalid in character class"),
    (r"[\N]", "\\N is not supported in a class"),
    (r"\x{110000}", "character code point value in \\x{} or \\o{} is too large"),
    (r"\c", "\\c at end of pattern"),
    ("(?<=a+)b", "lookbehind assertion is not fixed length"),
]


@pytest.mark.parametrize(("pattern", "clause"), REFUSED)
def test_what_pcre_refuses_is_refused_in_its_words(pattern: str, clause: str) -> None:
    with pytest.raises(PatternError) as refused:
        compile_pcre(pattern)
    assert str(refused.value) == clause


UNSUPPORTED = [
    r"(a)(?1)",
    r"(?R)",
    r"(?&x)(?<x>a)",
    "(*UTF8)a",
    "(*COMMIT)a",
    r"(?|(a)(b)|c\2)",
    "(?(2)a)(b)",
    "(?(?=a)b|c)",
    "(?<=(?:a|bc)d)e",
    r"a\C",
    r"\Ga",
    r"\p{L}",
    r"\X",
    r"a|.*\R",
    r"\N?\R",
    "(?J)a",
    "(?xx)a",
    "a{,3}",
    r"[\d-z]",
    "(?i)é",
    r"(?:\2)(a)(b)",
    "(" * 150 + ")" * 150,
]


@pytest.mark.parametrize("pattern", UNSUPPORTED)
def test_what_has_no_exact_counterpart_is_unsupported(pattern: str) -> None:
    with pytest.raises(UnsupportedSPL):
        compile_pcre(pattern)


MATCHED = [
    # pattern, subject, span of the match
    ("(?i)ABC", "xabc", (1, 4)),
    ("(?i)[–—]W", "–w", (0, 2)),
    ("a(?i)b|c", "aBC", (0, 2)),
    ("a(?i)b|c", "C", (0, 1)),
    ("(a(?i)b)c", "aBC", None),
    ("(?i:a)b", "Ab", (0, 2)),
    ("(?-i)A", "a", None),
    ("(?s)a.b", "a\nb", (0, 3)),
    ("a.b", "a\nb", None),
    ("a$", "a\n", (0, 1)),
    (r"a\z", "a\n", None),
    (r"a\Z", "a\n", (0, 1)),
    ("(?m)^b$", "a\nb\nc", (2, 3)),
    ("(?m)^", "a\n", (0, 0)),
    (r"(?m)\n^", "a\n", None),
    ("(?x) a b # c\n d", "abd", (0, 3)),
    (r"(?x)a\ b[ ]c", "a b c", (0, 5)),
    ("(?U)a+", "aaa", (0, 1)),
    ("(?U)a+?", "aaa", (0, 3)),
    (r"\x{202E}", "a\u202eb", (1, 2)),
    (r"\x41\101\cA\e", "AA\x01\x1b", (0, 4)),
    (r"\Qa.b\E+", "a.bb", (0, 4)),
    (r"\h+\v", "a \t\xa0\r", (1, 5)),
    (r"\R", "a\r\nb", (1, 3)),
    (r"[^\n]*\R", "b\r", (0, 2)),
    (r"(?s).*\R", "b\r", (0, 2)),
    (r"\N+", "ab\nc", (0, 2)),
    (r"foo\Kbar", "foobar", (3, 6)),
    (r"((*FAIL))", "a", None),
    (r'=(?|"([^"]*)"|(\S*))', 'a="b c"', (1, 7)),
    (r"(?|(?<x>a)|(?<x>b))\1", "abb", (1, 3)),
    (r"(?|(a)(b)|c)(d)\3", "cdd", (0, 3)),
    ("(?<=^|ab)c", "abc", (2, 3)),
    ("(?<=^|ab)c", "cc", (0, 1)),
    ("(?m)(?<=^|ab)c", "b\nc", (2, 3)),
    ("(?<!a|bc)d", "bcd ad d", (7, 8)),
    (r"a(?=(b))?", "ac", (0, 1)),
    (r"a(?=b){2,}", "ac", None),
    (r'^(")?x(?(1)"|;)', 'x; "x"', (0, 2)),
    (r'^(")?x(?(1)"|;)', '"x;', None),
    (r"(a)?(?(1)b)c", "abc c", (0, 3)),
    ("a++b", "aab", (0, 3)),
    ("a++ab", "aab", None),
    ("(?>a+)ab", "aab", None),
    ("a{2,3}+b", "aaab", (0, 4)),
    ("{", "{", (0, 1)),
    ("a{", "a{", (0, 2)),
    ("a{x}", "a{x}", (0, 4)),
    ("(?:ab){e<=1}", "ab{e<=1}", (0, 8)),
    ("[]a]+", "x]a", (1, 3)),
    ("[^]a]+", "]b", (1, 2)),
    ("[a&&b]+", "&b", (0, 2)),
    ("[[a]]", "a]", (0, 2)),
    ("[+--b]", ",b", (0, 1)),
    (r"[[:alpha:][:^space:]]+", " é1", (1, 3)),
    (r"[\b]", "a\x08", (1, 2)),
    (r"[^\W\d]+", "1é_a", (2, 4)),
    (r"[\w.-]+", "a.b-c d", (0, 5)),
    (r"\w+", "éa", (1, 2)),
    (r"\d", "٣", None),
    (r"\bb", "éb", (1, 2)),
    (r"(?<n>a)\k<n>\k{n}\g{n}(?P=n)", "aaaaa", (0, 5)),
    (r"(a)(b)\g{-1}\g1\2", "abbab", (0, 5)),
    (r"(a)\10", "a\x08", (0, 2)),
    (r"(?<!x)a(?!b)(?=c)(?<=a)", "ac", (0, 1)),
    (r"a(?#comment)+", "aaa", (0, 3)),
    (r"(?'q'a)", "a", (0, 1)),
    (r"\_\-\<\>\@", "_-<>@", (0, 5)),
    ("", "a", (0, 0)),
    ("a||b", "b", (0, 0)),
]


@pytest.mark.parametrize(("pattern", "subject", "span"), MATCHED)
def test_constructs_that_two_engines_may_read_differently(
    pattern: str, subject: str, span: tuple[int, int] | None
) -> None:
    found = compile_pcre(pattern).search(subject)
    assert (None if found is None else found.span()) == span


def test_groups_are_numbered_and_named() -> None:
    pattern = compile_pcre(r"(a)(?<one>b)(?P<two>c)(?'three'd)(?:e)")
    assert pattern.groups == 4
    assert pattern.names == {"one": 2, "two": 3, "three": 4}


def test_every_match_and_replacement() -> None:
    pattern = compile_pcre(r"\d+")
    assert [found[0] for found in pattern.finditer("1 22 x 333")] == ["1", "22", "333"]
    assert pattern.sub("#", "1 22 x", 1) == "# 22 x"


def test_a_hostile_pattern_is_stopped() -> None:
    pattern = compile_pcre("^(a|a|aa)+$")
    with pytest.raises(SearchError, match="took more than"):
        pattern.search("a" * 60 + "b")


# --- PCRE2 itself judges ---------------------------------------------------------------------------------------------

ATOMS = [
    *"aAbc1._- ",
    r"\d",
    r"\w",
    r"\S",
    r"\W",
    r"\s",
    r"\n",
    r"\.",
    r"\h",
    r"\R",
    r"\x41",
    "[ab]",
    "[^a]",
    r"[\w.]",
    "[[:upper:]]",
    "[[:^alpha:]b]",
    r"[^\s\d]",
    "[a-c]",
    "{",
    "a{x",
    "]",
    "}",
]
ASSERTIONS = [
    "^",
    "$",
    r"\b",
    r"\B",
    r"\A",
    r"\z",
    r"\Z",
    "(?=a)",
    "(?!b)",
    "(?<=a)",
    "(?<!bc)",
    "(?i)",
    "(?s)",
    "(?m)",
]
REPEATS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "++", "?+", "{2}", "{1,2}", "{1,}?", "{0,2}+"]


def patterns() -> st.SearchStrategy[str]:
    atom = st.tuples(st.sampled_from(ATOMS), st.sampled_from(REPEATS)).map("".join)
    item = st.one_of(atom, atom, st.sampled_from(ASSERTIONS))
    base = st.lists(item, min_size=1, max_size=4).map("".join)

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        opening = st.sampled_from(["(", "(?:", "(?>", "(?i:", "(?=", "(?<!", "(?<=", "(?m-i:", "(?|", "(?(1)"])
        group = st.tuples(opening, inner, st.just(")"), st.sampled_from(REPEATS)).map("".join)
        return st.one_of(
            group,
            st.tuples(inner, st.just("|"), inner).map("".join),
            st.tuples(inner, group).map("".join),
            st.tuples(st.just("("), inner, st.just(")"), base, st.just(r"\1")).map("".join),
        )

    return st.recursive(base, grown, max_leaves=5)


def spans(found: Any) -> Any:
    return None if found is None else [found.span(group) for group in range(len(found.groups()) + 1)]


@settings(max_examples=500, deadline=None)
@given(patterns(), st.text("aAbBcC1._- \n\r]{x", max_size=12))
def test_matches_are_those_of_pcre2(pattern: str, subject: str) -> None:
    try:
        ours = compile_pcre(pattern)
    except UnsupportedSPL:
        return
    except PatternError:
        with pytest.raises(pcre2.PatternError):
            pcre2.compile(pattern, pcre2.ASCII)
        return
    theirs = pcre2.compile(pattern, pcre2.ASCII)
    assert spans(ours.search(subject)) == spans(theirs.search(subject))


@settings(max_examples=500, deadline=None)
@given(st.text(r"ab(|)[]{}*+?\^$.-,:<>=!P'i1dwsx ", max_size=12))
def test_any_text_is_a_pattern_or_refused(pattern: str) -> None:
    with contextlib.suppress(PatternError, UnsupportedSPL):
        compile_pcre(pattern).search("ab1 x")
