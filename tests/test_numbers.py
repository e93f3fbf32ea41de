"""Phone numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tele2ats_async import normalize_msisdn


@pytest.mark.parametrize(
    "text",
    [
        "8 (953) 393-35-57",
        "+7 953 393 35 57",
        "7953 393\u00a03557",
        "9533933557",
        "79533933557",
        "8-953-393-35-57",
        "8.953.393.35.57",
        " +7(953)393–35–57 ",
    ],
)
def test_every_way_of_writing_is_one_number(text: str) -> None:
    """Prefix, brackets, dashes and blanks of all kinds do not matter."""
    assert "79533933557" == normalize_msisdn(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123",
        "895339335",
        "895339335571",
        "+8 953 393 35 57",
        "8 953 FLOWERS",
        "٨٩٥٣٣٩٣٣٥٥٧",
        "0001",
        "7 953 393 35 5",
        "8 953 393 35 5",
    ],
)
def test_what_is_no_such_number_is_refused(text: str) -> None:
    """Too short, too long, foreign or no digits: `ValueError`, and the text is shown."""
    with pytest.raises(ValueError, match="is no Russian phone number"):
        normalize_msisdn(text)


@given(st.text())
def test_whatever_comes_the_result_is_right_or_a_value_error(text: str) -> None:
    """No input makes anything but eleven digits that begin with 7."""
    try:
        number = normalize_msisdn(text)
    except ValueError:
        return

    assert 11 == len(number)
    assert number.isascii()
    assert number.isdigit()
    assert number.startswith("7")


def test_a_city_code_that_begins_with_eight_is_no_prefix() -> None:
    """Ten digits of Saint Petersburg are whole."""
    assert "78121234567" == normalize_msisdn("812 123-45-67")
