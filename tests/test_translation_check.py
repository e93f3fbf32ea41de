"""The check of the translation finds what has gone stale."""

from pathlib import Path

import pytest
from page_structure import Page, read_pages
from translation import differences, foreign

ENGLISH = """
Saving
======

Asks ``save`` and :class:`~package.Session` for 1,000 files, see :doc:`other`.

.. code-block:: python

    save(name, "waiting", sort="date,DESC")    # once, with care
    save(f"{name}")                            # 2022-08-12/mo_….mp3

.. code-block:: text

    AtsError
    └── Forbidden        403 that lasts

More
----

- ``load`` reads 0.5 MB
- nothing else
"""
RUSSIAN = """
.. english: FINGERPRINT

Сохранение
==========

Просит ``save`` и ``Session`` сохранить 1 000 файлов, как рассказано
на странице :doc:`other`.

Здесь абзацем больше.

.. code-block:: python

    save(name, "ждёт", sort="date,DESC")    # один раз, осторожно
    save(f"{name}")                         # 2022-08-12/mo_….mp3

.. code-block:: text

    AtsError
    └── Forbidden        403, который не проходит

Ещё
---

- ``load`` читает 0,5 МБ
- больше ничего
"""
NOTHING = ("", "")
# What somebody changes in one of the two, and what the check says of it.
STALE = {
    "a word of English prose": (
        ("nothing else", "everything else"),
        NOTHING,
        "not the one that was translated",
    ),
    "a heading in English": (
        ("More\n----", "More of it\n----------"),
        NOTHING,
        "not the one that was translated",
    ),
    "an argument": (NOTHING, ("sort=", "order="), "code"),
    "a call": (NOTHING, ('    save(f"{name}")  ', "    load()  "), "code"),
    "a line of code": (NOTHING, ("    └── Forbidden        403, который не проходит\n", ""), "code"),
    "a string that is no prose": (NOTHING, ("date,DESC", "date,ASC"), "the string"),
    "a comment that was forgotten": (NOTHING, ("один раз, осторожно", "once, with care"), "the comment"),
    "a drawing": (NOTHING, ("Forbidden  ", "Refused  "), "code"),
    "an explanation that was forgotten": (
        NOTHING,
        ("403, который не проходит", "403 that lasts"),
        "the comment",
    ),
    "a name that is left out": (NOTHING, ("``load`` читает", "читает"), "nothing of load"),
    "a name that is gone in English": (
        NOTHING,
        ("больше ничего", "и ``unload``"),
        "not in the English page: unload",
    ),
    "a number": (NOTHING, ("0,5", "0,6"), "the number 05 is missing"),
    "a point of a list": (NOTHING, ("- больше ничего\n", ""), "1 of list_item, not 2"),
    "a section": (NOTHING, ("Ещё\n---\n", ""), "not the same sections"),
    "a block of code": (NOTHING, (".. code-block:: text", ".. comment"), "1 of literal_block, not 2"),
    "a page that says nothing of its origin": (
        NOTHING,
        (".. english: FINGERPRINT", ""),
        "begin it with '.. english: ",
    ),
}


def _changed(text: str, change: tuple[str, str]) -> str:
    old, new = change
    assert change == NOTHING or 1 == text.count(old)
    return text.replace(old, new)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """All pages of this module, read at once: a pair, and a pair for each change."""
    root, into = tmp_path_factory.mktemp("pages"), tmp_path_factory.mktemp("read")
    _write(root, "index.rst", ENGLISH)
    _write(root, "other.rst", "Other\n=====\n")
    fingerprint = read_pages(root, into, "index.rst", "**.rst")["index"].fingerprint
    _write(root, "ru.rst", RUSSIAN.replace("FINGERPRINT", fingerprint))
    _write(root, "reflowed.rst", ENGLISH.replace("for 1,000 files,", "for 1,000\nfiles,"))
    for number, (in_english, in_russian, _) in enumerate(STALE.values()):
        _write(root, f"{number}.rst", _changed(ENGLISH, in_english))
        _write(root, f"{number}.ru.rst", _changed(RUSSIAN, in_russian).replace("FINGERPRINT", fingerprint))
    return read_pages(root, into, "index.rst", "**.rst")


def _write(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")


def test_a_translation_is_free_in_its_prose(pages: dict[str, Page]) -> None:
    """Translators choose words, paragraphs, line breaks, and the way in which numbers are written."""
    assert [] == differences(pages["index"], pages["ru"])


def test_lines_may_be_broken_elsewhere(pages: dict[str, Page]) -> None:
    """Who wraps the lines of an English page anew does not make its translation stale."""
    assert [] == differences(pages["reflowed"], pages["ru"])


@pytest.mark.parametrize("change", STALE)
def test_a_change_of_one_page_is_found(change: str, pages: dict[str, Page]) -> None:
    """A translation cannot rot unnoticed."""
    number = list(STALE).index(change)

    found = differences(pages[f"{number}"], pages[f"{number}.ru"])

    assert [] != [difference for difference in found if STALE[change][2] in difference], found


def test_a_shortened_page_may_leave_out(pages: dict[str, Page]) -> None:
    """A page that tells less is asked only for what it tells."""
    assert [] == foreign(pages["index"], pages["other"])
    assert "not in the English page: AtsError" in foreign(pages["other"], pages["index"])
