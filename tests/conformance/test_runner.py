"""Pages that do not say what they must are refused, so that no test passes by saying nothing."""

from __future__ import annotations

import pytest

from tests.conformance.runner import PageError, page_cases

GOOD = """# A page

## One row

Evidence: reasoned

```spl
| makeresults
```

```results
{"_time": 1}
```
"""


def test_a_heading_is_a_test() -> None:
    (case,) = page_cases(GOOD, "a.md")
    assert (case.id, case.kind, case.known) == ("a.md::One row", "reasoned", None)


def test_evidence_may_be_said_once_for_a_page() -> None:
    text = GOOD.replace("Evidence: reasoned\n", "").replace("# A page\n", "# A page\n\nEvidence: docs stats\n")
    assert page_cases(text, "a.md")[0].evidence == "docs stats"


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Evidence: reasoned\n", "", "needs `Evidence"),
        ("Evidence: reasoned", "Evidence: hearsay", "needs `Evidence"),
        ("```spl", "```text", "no block is called 'text'"),
        ('```results\n{"_time": 1}\n```\n', "", "cannot fail"),
        ("```spl\n| makeresults\n```\n", "", "needs a block `spl`"),
    ],
)
def test_a_page_that_lacks_something_is_refused(before: str, after: str, complaint: str) -> None:
    with pytest.raises(PageError, match=complaint):
        page_cases(GOOD.replace(before, after), "a.md")


def test_two_tests_of_one_name_are_refused() -> None:
    with pytest.raises(PageError, match="two tests are called 'One row'"):
        page_cases(GOOD + GOOD, "a.md")


def test_a_heading_inside_a_block_is_text() -> None:
    assert len(page_cases(GOOD.replace("| makeresults\n", "| makeresults\n## no heading\n"), "a.md")) == 1
