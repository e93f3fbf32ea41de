"""The documentation speaks of everything that is public, and says the same in Russian."""

import inspect
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from page_structure import Page, read_pages
from translation import differences, foreign

import tele2ats_async
from tele2ats_async import errors, report, resources, testing

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
# What stays English: the reference with its docstrings, and the table of tests.
ENGLISH_ONLY = {"docs/reference", "docs/conformance"}
# What the Russian pages tell in short, for the details they send to the English ones.
SHORTENED = {"docs/benchmarks"}
# Patterns of pages whose Russian is missing or behind. One that is up to date has to leave this list.
STILL_TO_TRANSLATE: set[str] = set()
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


def _english_pages() -> list[str]:
    paths = [*DOCS.rglob("*.rst"), ROOT / "README.rst"]
    names = {path.relative_to(ROOT).with_suffix("").as_posix() for path in paths}
    return sorted(name for name in names - ENGLISH_ONLY if not name.startswith("docs/ru/"))


def _russian_of(name: str) -> str:
    return name.replace("docs/", "docs/ru/", 1) if "/" in name else f"{name}.ru"


def _to_check(name: str) -> object:
    if not any(fnmatch(name, pattern) for pattern in STILL_TO_TRANSLATE):
        return name
    reason = "still to be translated; take it out of STILL_TO_TRANSLATE when it is"
    return pytest.param(name, marks=pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The pages of both languages."""
    return read_pages(ROOT, tmp_path_factory.mktemp("pages"), "docs/index.rst", "docs/**.rst", "README*.rst")


@pytest.mark.parametrize("name", [_to_check(name) for name in _english_pages()])
def test_the_russian_page_says_what_the_english_one_says(name: str, pages: dict[str, Page]) -> None:
    """Every page for users is there in Russian, with the same code, and made of the English page as it is now."""
    assert _russian_of(name) in pages, f"{_russian_of(name)}.rst is missing: see docs/ru/TRANSLATING.md"
    compare = foreign if name in SHORTENED else differences

    found = compare(pages[name], pages[_russian_of(name)])

    assert [] == found, "\n".join([f"{_russian_of(name)}.rst, see docs/ru/TRANSLATING.md:", *found])


def test_every_russian_page_is_of_an_english_one(pages: dict[str, Page]) -> None:
    """A page that was removed or renamed is not left behind in Russian."""
    russian = {name for name in pages if name.startswith("docs/ru/") or name.endswith(".ru")}

    assert set() == russian - {_russian_of(name) for name in _english_pages()}


def test_the_russian_contents_have_the_english_order(pages: dict[str, Page]) -> None:
    """Whoever knows the one index finds the way in the other."""
    translated = [name for name in pages["docs/index"].contents if f"docs/ru/{name}" in pages]

    assert translated == pages["docs/ru/index"].contents


def test_links_to_pages_of_the_other_language_lead_somewhere(pages: dict[str, Page]) -> None:
    """Sphinx does not look at links that leave one of the two documentations."""
    links = [
        (name, *target)
        for name, page in pages.items()
        for target in re.findall(r"<([\w./]+)\.(?:html|rst)(?:#([\w-]+))?>`_", page.source)
    ]
    for name, target, anchor in links:
        found = (ROOT / name).parent.joinpath(target).resolve().relative_to(ROOT).as_posix()
        assert found in pages, f"{name}.rst links to {target}"
        assert not anchor or anchor in pages[found].anchors, f"{name}.rst links to {target}#{anchor}"

    assert {"docs/index", "docs/ru/index", "README", "README.ru"} <= {name for name, *_ in links}
