"""Pages of the documentation as what a translation has to keep: their sections, code, names and numbers."""

import hashlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs

# A section has as many of each in every language; paragraphs may be cut elsewhere.
COUNTED = {"literal_block", "row", "definition_list_item", "list_item"}
NAME = re.compile(r"[^\W\d]\w*")
# 12,000 and 12 000, 1.5 and 1,5 are one number each.
NUMBER = re.compile(r"\d+(?:[.,]\d+|[ \u00a0]\d{3}(?!\d))*")


@attrs.frozen
class Block:
    """A block of code, and the language that highlights it."""

    language: str
    text: str


@attrs.define
class Section:
    """What stands below one heading, without the sections below it."""

    title: str
    depth: int
    blocks: list[Block] = attrs.Factory(list)
    shape: Counter[str] = attrs.Factory(Counter)
    names: set[str] = attrs.Factory(set)
    numbers: set[str] = attrs.Factory(set)


@attrs.define
class Page:
    """One page."""

    source: str
    sections: list[Section] = attrs.Factory(list)
    contents: list[str] = attrs.Factory(list)
    anchors: set[str] = attrs.Factory(set)
    words: list[str] = attrs.Factory(list)

    @property
    def fingerprint(self) -> str:
        """Changes with every word of the page, and with no line that is only broken elsewhere."""
        return hashlib.sha256(" ".join(self.words).encode()).hexdigest()[:12]

    @property
    def code(self) -> str:
        """All blocks."""
        return "\n".join(block.text for section in self.sections for block in section.blocks)

    @property
    def names(self) -> set[str]:
        """Whatever stands as a literal or in code."""
        return set(NAME.findall(self.code)).union(*(section.names for section in self.sections))


def read_pages(root: Path, into: Path, *patterns: str) -> dict[str, Page]:
    """Read pages with Sphinx, which resolves what they include; by their paths, without the suffix."""
    # Without a configuration there is no autodoc, whose errors are left out of the pages: nothing is imported.
    options = {
        "root_doc": patterns[0].removesuffix(".rst"),
        "include_patterns": ",".join(patterns),
        "default_role": "literal",
        "smartquotes": "0",
    }
    settings = [f"-D{name}={value}" for name, value in options.items()]
    doctrees = ["-d", str(into / "doctrees")]
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-Q", "-C", "-b", "xml", *doctrees, *settings, str(root), str(into)],
        check=True,
    )
    pages = {}
    for path in into.rglob("*.xml"):
        name = path.relative_to(into).with_suffix("").as_posix()
        pages[name] = _read(ET.parse(path).getroot(), (root / f"{name}.rst").read_text(encoding="utf-8"))
    return pages


def _read(document: ET.Element, source: str) -> Page:
    page = Page(source)
    _walk(document, Section("", 0), page)
    return page


def _walk(element: ET.Element, section: Section, page: Page) -> None:
    if element.tag in {"comment", "system_message"} or element.get("internal"):
        return  # a link to another page bears that page's title
    if "toctree-wrapper" in element.get("classes", ""):
        page.contents += [reference.get("refuri", "") for reference in element.iter("reference")]
        return
    if element.tag == "section":
        section = Section(_text(element.find("title")), section.depth + 1)
        page.sections.append(section)
        page.anchors.update(element.get("ids", "").split())
    if element.tag in COUNTED:
        section.shape[element.tag] += 1
    if element.tag == "literal_block":
        if not element.get("source"):  # a file that is included is the same in all languages
            section.blocks.append(Block(element.get("language", "default"), _text(element)))
            page.words += _text(element).split()
        return
    for said in _said(element, section, page):
        page.words += said.split()


def _said(element: ET.Element, section: Section, page: Page) -> Iterator[str]:
    """Give the element's own words, and walk through what it holds."""
    for said in (element.text, *(child.tail for child in element)):
        if said and element.tag != "literal":
            section.numbers |= {re.sub(r"\D", "", number) for number in NUMBER.findall(said)}
    if element.tag == "literal":
        section.names |= set(NAME.findall(element.text or ""))
    yield element.text or ""
    for child in element:
        _walk(child, section, page)
        yield child.tail or ""


def _text(element: ET.Element | None) -> str:
    return "" if element is None else "".join(element.itertext())
