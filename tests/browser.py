"""A real browser: the machine's own Chromium, headless, and all that it says while it shows a page."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1200, "height": 900}

_NAMES = ("chromium", "chromium-browser", "google-chrome")

# What a reader sees of each text: its colour and the one behind it, as the screen shows them, and its size.
_CONTRASTS = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => [r, g, b].map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
        const text = texts.currentNode.data.trim(), element = texts.currentNode.parentElement;
        if (!text || !element.checkVisibility()) continue;
        const [a, b] = [rgba(getComputedStyle(element).color), behind(element)].map(luminance);
        found.push([text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
    }
    return found;
}"""


@attrs.define
class Watched:
    """A page, and what the browser says of it.

    Attributes:
        complaints: Messages of the console, and errors of scripts.
        requests: All addresses that were asked for.
    """

    page: "Page"
    complaints: list[str] = attrs.field(factory=list[str])
    requests: list[str] = attrs.field(factory=list[str])

    async def texts(self, selector: str) -> list[str]:
        """Give the texts of the elements that a selector finds, white space as one space."""
        return [" ".join(text.split()) for text in await self.page.locator(selector).all_text_contents()]

    async def numbers(self, selector: str) -> list[int]:
        """Give the numbers that stand in the elements that a selector finds."""
        return [int(text.replace(" ", "")) for text in await self.texts(selector)]

    async def widths(self) -> tuple[int, int]:
        """Give how wide the page is, and how wide its window."""
        widths: list[int] = await self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        return widths[0], widths[1]

    async def background(self) -> str:
        """Give the colour of the page."""
        colour: str = await self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    async def worst_contrast(self) -> tuple[str, float]:
        """Give the text that is hardest to read, and how its brightness compares with what is behind it."""
        found: list[tuple[str, float]] = await self.page.evaluate(_CONTRASTS)
        text, contrast = min(found, key=lambda one: one[1])
        return text, contrast


@asynccontextmanager
async def open_browser() -> "AsyncIterator[Browser]":
    """Start Chromium; without one the test is skipped, or fails where everything has to be tested."""
    chromium = next(filter(None, map(shutil.which, _NAMES)), None)
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no Chromium; on Debian: apt-get install chromium")
        pytest.skip("there is no Chromium")
    from playwright.async_api import async_playwright  # noqa: PLC0415  # takes time to load

    is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # whom Chromium's sandbox does not take
    with _all_addresses():
        driver = await async_playwright().start()
    try:
        browser = await driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"] if is_root else []
        )
        async with browser:
            yield browser
    finally:
        await driver.stop()


@asynccontextmanager
async def visit(browser: "Browser", address: str, **settings: Any) -> AsyncIterator[Watched]:
    """Show what is at an address, in a window of its own."""
    async with await browser.new_context(**{"viewport": DESKTOP, **settings}) as context:
        watched = Watched(await context.new_page())
        watched.page.on("console", lambda message: watched.complaints.append(message.text))
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.on("request", lambda request: watched.requests.append(request.url))
        await watched.page.goto(address)
        yield watched


@asynccontextmanager
async def show(browser: "Browser", file: Path, **settings: Any) -> AsyncIterator[Watched]:
    """Show a file, in a window of its own."""
    async with visit(browser, file.as_uri(), **settings) as watched:
        yield watched


@contextmanager
def _all_addresses() -> Iterator[None]:
    """Lift the limit that tests have: a browser reserves more addresses than any memory has."""
    if sys.platform != "linux":
        yield
        return
    import resource  # noqa: PLC0415  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
