"""The documentation speaks of everything that is public."""

import inspect
import re
from pathlib import Path

import pytest

import tele2ats_async
from tele2ats_async import errors, report, resources, testing

DOCS = Path(__file__).parent.parent / "docs"
VERBS = [
    getattr(getattr(resources, room), verb)
    for room in resources.__all__
    for verb in vars(getattr(resources, room))
    if not verb.startswith("_") and verb != "close"
]
ROOMS = {tele2ats_async: tele2ats_async.__all__, report: report.__all__, testing: testing.__all__}
# What is no class and no function has no docstring.
PLAIN = {"LANGUAGES", "Language", "__version__"}
NAMES = {name: room for room, names in ROOMS.items() for name in names if name not in PLAIN}


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_in_the_reference(name: str) -> None:
    """Whoever looks a name up finds it."""
    assert re.search(rf"^\.\. auto\w+:: {name}$", (DOCS / "reference.rst").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in NAMES if not hasattr(errors, name)])
def test_every_public_name_says_where_it_comes_from(name: str) -> None:
    """The operation or section of the contract stands in the docstring."""
    documentation = inspect.getdoc(getattr(NAMES[name], name)) or ""

    assert re.search(r"^Source: (operations?|sections?) \d", documentation, re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__qualname__)
def test_every_verb_says_what_it_does(verb: object) -> None:
    """Errors and the operation's number are told of every verb."""
    documentation = inspect.getdoc(verb) or ""

    assert re.search(r"^Raises:$", documentation, re.MULTILINE)
    assert re.search(r"^Source: operations? \d", documentation, re.MULTILINE)
