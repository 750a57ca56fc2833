"""Numbers with the precision of what they were made from."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.values.numbers import ARITHMETIC, Measured, half_up, measured_text, read_number
from harness.values.values import to_text


@pytest.mark.parametrize(
    ("text", "number", "decimals"),
    [
        ("1", 1, None),
        ("-5", -5, None),
        ("007", 7, None),
        ("1.50", 1.5, 2),
        (".5", 0.5, 1),
        ("5.", 5.0, 0),
        ("1e3", 1000, None),
        ("1.5e3", 1500.0, -2),
        ("12345678901234567890", 12345678901234567890.0, None),
    ],
)
def test_a_text_that_is_a_number(text: str, number: float, decimals: int | None) -> None:
    read = read_number(text)
    assert read == number
    assert getattr(read, "decimals", None) == decimals


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "+.",
        "e5",
        ".e5",
        "1_0",
        "nan",
        "inf",
        "0x10",
        "1 ",
        " 1",
        "１２",
        "1e",
        "1e400",
        "--1",
        "1.2.3",
        "9" * 400,
    ],
)
def test_a_text_that_is_none(text: str) -> None:
    assert read_number(text) is None


def test_eval_reads_its_own_special_numbers() -> None:
    assert math.isnan(read_number("NaN") or 0)
    assert read_number("-Infinity") == -math.inf


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15), st.integers(0, 12))
def test_rounding_is_that_of_the_shortest_decimal_text(value: float, places: int) -> None:
    wanted = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert Decimal(half_up(value, places)) == wanted
    assert not half_up(value, places).startswith("-0.000000") or wanted != 0


@given(st.decimals(-10_000, 10_000, places=2), st.decimals(-10_000, 10_000, places=3))
def test_a_sum_has_the_fewest_decimals(a: Decimal, b: Decimal) -> None:
    first, second = read_number(str(a)), read_number(str(b))
    assert first is not None
    assert second is not None
    total = ARITHMETIC["+"](first, second)
    assert isinstance(total, Measured)
    assert len(measured_text(total).partition(".")[2]) == 2
    assert abs(Decimal(measured_text(total)) - (a + b)) <= Decimal("0.005")


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_whole_numbers_stay_exact(a: int, b: int) -> None:
    assert ARITHMETIC["+"](a, b) == a + b
    assert ARITHMETIC["-"](a, b) == a - b
    product = ARITHMETIC["*"](a, b)
    assert product == (a * b if abs(a * b) <= 2**53 else float(a * b))


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.1, "0.1"), (1e16, "10000000000000000"), (True, "True"), (Measured(2.5, 3), "2.500"), (5, "5")],
)
def test_how_a_value_is_written(value: float, text: str) -> None:
    assert to_text(value) == text
