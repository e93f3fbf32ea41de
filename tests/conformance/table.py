"""Writes docs/conformance.rst: each statement of the contract, its operation, and the test that holds it.

Run it as ``python tests/conformance/table.py``.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from contract_operations import OPERATIONS

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "conformance.rst"
COMMAND = "python tests/conformance/table.py"

_NAME = re.compile(r"test(?P<operations>(?:_op\d\d)+)_\w+")
_SENTENCE = re.compile(r"[^\n]+[.]")
_INTRODUCTION = """\
Conformance
===========

.. This page is made by ``{command}``; change the tests instead.

The contract of the ATS Open API, statement by statement, and the test that holds each. The tests use the client's
public surface, against the simulator or a server that keeps what arrives byte for byte; they are in
``tests/conformance``. There are {count} statements. Those of *all* hold for every operation.
"""


class Statement(NamedTuple):
    """One statement of the contract.

    Attributes:
        operations: The numbers of its operations; 0 stands for all.
        text: The statement, one sentence of reStructuredText.
        test: The name of its test.
    """

    operations: tuple[int, ...]
    text: str
    test: str


class Section(NamedTuple):
    """One section of the contract, tested by one module."""

    title: str
    module: str
    statements: list[Statement]


def read_sections() -> list[Section]:
    """Read the test modules, in the contract's order; the statements of one by their operations.

    Raises:
        ValueError: A test has a name without operations, or a docstring that is no sentence.
    """
    return [_read_section(path) for path in sorted(HERE.glob("test_section_*.py"))]


def make_page(sections: list[Section]) -> str:
    """Make the page."""
    count = sum(len(section.statements) for section in sections)
    parts = [_INTRODUCTION.format(command=COMMAND, count=count), _operations_table(sections)]
    return "\n".join([*parts, *map(_section_table, sections)])


def _read_section(path: Path) -> Section:
    module = ast.parse(path.read_text(encoding="utf-8"))
    title = (ast.get_docstring(module) or path.stem).rstrip(".")
    statements = [
        _read_statement(path.name, node)
        for node in module.body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.name.startswith("test_")
    ]
    return Section(title, path.name, sorted(statements, key=lambda statement: statement.operations))


def _read_statement(module: str, test: ast.AsyncFunctionDef | ast.FunctionDef) -> Statement:
    name = _NAME.fullmatch(test.name)
    if name is None:
        raise ValueError(f"{module}::{test.name}: expected test_opNN_ and the statement in words")
    text = ast.get_docstring(test) or ""
    if not _SENTENCE.fullmatch(text):
        raise ValueError(f"{module}::{test.name}: expected a docstring of one sentence, the statement")
    operations = tuple(int(number) for number in re.findall(r"\d\d", name["operations"]))
    if unknown := set(operations) - {0, *OPERATIONS}:
        raise ValueError(f"{module}::{test.name}: there is no operation {unknown}")
    return Statement(operations, text, test.name)


def _operations_table(sections: list[Section]) -> str:
    numbers = [
        number for section in sections for statement in section.statements for number in statement.operations
    ]
    rows = [
        (str(number), f"``{method} {path}``", str(numbers.count(number)))
        for number, (method, path) in OPERATIONS.items()
    ]
    rows.append(("all", "", str(numbers.count(0))))
    return _heading("The operations") + _table(
        ("Operation", "Method and path", "Statements"), (12, 70, 18), rows
    )


def _section_table(section: Section) -> str:
    rows = [
        (
            ", ".join(str(number or "all") for number in statement.operations),
            statement.text,
            f"``{statement.test}``",
        )
        for statement in section.statements
    ]
    where = f"The tests are in ``{section.module}``.\n\n"
    return _heading(section.title) + where + _table(("Operation", "Statement", "Test"), (10, 50, 40), rows)


def _heading(title: str) -> str:
    return f"{title}\n{'-' * len(title)}\n\n"


def _table(
    header: tuple[str, str, str], widths: tuple[int, int, int], rows: list[tuple[str, str, str]]
) -> str:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in (header, *rows):
        lines += [f"   {'*' if place == 0 else ' '} - {cell}".rstrip() for place, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(make_page(read_sections()), encoding="utf-8")
