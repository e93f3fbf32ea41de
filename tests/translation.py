"""Where a page in another language no longer says what the English page says."""

import re
from collections.abc import Iterator
from itertools import zip_longest

import attrs
from page_structure import NAME, Block, Page, Section
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String

FINGERPRINT = re.compile(r"^\.\. english: (\w+)$", re.MULTILINE)
CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
# A word by itself: no part of a path, a call or an option.
LONE_WORD = re.compile(r"(?<![\w/.:-])[a-z]{2,}(?![\w/.:=(-])")
# What stands to the right in a drawing, after two blanks, explains what stands to the left.
EXPLANATION = re.compile(r"(?<=\w)  .*")


@attrs.define
class Skeleton:
    """Code without what a translator may change, and that apart."""

    code: str = ""
    strings: list[str] = attrs.Factory(list)
    comments: list[str] = attrs.Factory(list)

    @classmethod
    def of(cls, block: Block) -> "Skeleton":
        """Take a block apart."""
        if block.language == "text":
            return cls(EXPLANATION.sub("", block.text), comments=EXPLANATION.findall(block.text))
        skeleton, before = cls(), None
        lexer = get_lexer_by_name("python" if block.language == "default" else block.language)
        for token, text in lexer.get_tokens(block.text):
            if token in Comment:
                skeleton.comments.append(text)
            elif token in String and before in String:
                skeleton.strings[-1] += text
            elif token in String:
                skeleton.strings.append(text)
                skeleton.code += "''"
            else:
                skeleton.code += text
            before = token
        return skeleton

    @property
    def lines(self) -> list[str]:
        """Without the blanks before a comment."""
        return [line.rstrip() for line in self.code.splitlines()]


def differences(english: Page, other: Page) -> list[str]:
    """Say what the other page lacks or has wrong; nothing where it is a translation of the English page as it is now."""
    found = [*_of_pages(english, other)]
    for one, its in zip(english.sections, other.sections, strict=False):
        found += [f"under {its.title!r}: {difference}" for difference in _of_sections(one, its)]
    recorded = FINGERPRINT.findall(other.source)
    if recorded != [english.fingerprint]:
        found.append(
            f"the English page is not the one that was translated (git log -p shows what changed): "
            f"bring the translation up to date, then begin it with '.. english: {english.fingerprint}'"
        )
    return found


def foreign(english: Page, other: Page) -> list[str]:
    """Say what names and lines of code a page has that the English one has not: all that a shortened page can be asked."""
    lines = {line.strip() for line in english.code.splitlines()}
    strange = [line for line in other.code.splitlines() if line.strip() not in lines]
    return [f"not in the English page: {what}" for what in [*strange, *_of_names(english, other)]]


def _of_pages(english: Page, other: Page) -> Iterator[str]:
    headings = [[section.depth for section in page.sections] for page in (english, other)]
    if headings[0] != headings[1]:
        titles = [[section.title for section in page.sections] for page in (english, other)]
        yield f"not the same sections: {titles[0]} and {titles[1]}"
    for name in _of_names(english, other):
        yield f"not in the English page: {name}"


def _of_names(english: Page, other: Page) -> list[str]:
    known = english.names.union(NAME.findall(english.source))
    return sorted(name for name in other.names - known if not CYRILLIC.search(name))


def _of_sections(english: Section, other: Section) -> Iterator[str]:
    for what in sorted(english.shape.keys() | other.shape.keys()):
        if english.shape[what] != other.shape[what]:
            yield f"{other.shape[what]} of {what}, not {english.shape[what]}"
    for name in sorted(english.names - other.names):
        yield f"nothing of {name}"
    for number in sorted(english.numbers - other.numbers):
        yield f"the number {number} is missing"
    for one, its in zip(english.blocks, other.blocks, strict=False):
        yield from _of_code(Skeleton.of(one), Skeleton.of(its))


def _of_code(english: Skeleton, other: Skeleton) -> Iterator[str]:
    for line, its in zip_longest(english.lines, other.lines):
        if line != its:
            yield f"code {its!r}, not {line!r}"
    for text, its in zip_longest(english.strings, other.strings, fillvalue=""):
        if text != its and not CYRILLIC.search(its):
            yield f"the string {its}, not {text}, nor a translation"
    for text, its in zip_longest(english.comments, other.comments, fillvalue=""):
        if not CYRILLIC.search(its) and (text != its or LONE_WORD.search(its)):
            yield f"the comment {its!r} is no translation of {text!r}"
