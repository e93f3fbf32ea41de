"""The table of the documentation, and that nothing is missing in it."""

import ast
from collections import Counter

import pytest
from contract_operations import OPERATIONS
from table import COMMAND, PAGE, Section, make_page, read_sections


@pytest.fixture(scope="module")
def sections() -> list[Section]:
    """Read the test modules."""
    return read_sections()


def test_the_page_is_what_the_tests_say(sections: list[Section]) -> None:
    """docs/conformance.rst is made of the tests, by the generator."""
    stale = f"docs/conformance.rst is not what the tests say: run `{COMMAND}`"

    assert make_page(sections) == PAGE.read_text(encoding="utf-8"), stale


@pytest.mark.parametrize("number", OPERATIONS)
def test_each_operation_has_a_test(number: int, sections: list[Section]) -> None:
    """No operation of the contract goes without a test of its own."""
    tests = [statement for section in sections for statement in section.statements]
    missing = f"operation {number} has no test: write test_op{number:02}_… in tests/conformance, then run `{COMMAND}`"

    assert [statement for statement in tests if number in statement.operations], missing


def test_each_section_has_its_tests(sections: list[Section]) -> None:
    """One module stands for each section of the contract, in its order."""
    assert [*range(1, 7)] == [int(section.module.split("_")[2]) for section in sections]
    assert all(section.statements for section in sections)


def test_no_test_hides_another(sections: list[Section]) -> None:
    """Two tests of one name in one module would be one test, and no statement is made twice."""
    for section in sections:
        module = ast.parse((PAGE.parents[1] / "tests" / "conformance" / section.module).read_text("utf-8"))
        names = Counter(node.name for node in ast.walk(module) if isinstance(node, ast.AsyncFunctionDef))
        assert [] == [name for name, count in names.items() if count > 1 and name.startswith("test_")]
    texts = Counter(
        (statement.operations, statement.text) for section in sections for statement in section.statements
    )
    assert [] == [text for text, count in texts.items() if count > 1]
