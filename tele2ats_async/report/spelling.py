"""Figures as people read them, in the language of a page."""

from datetime import date, datetime

import attrs

from .language import TEXTS, Language

_SPACE = "\N{NO-BREAK SPACE}"
_NOTHING = "\N{EN DASH}"
_LONGEST_TEXT = 80
_SHORTEST_WITH_COUNTRY = 10
# What is dialled before a country code, in most of Europe and in Russia; no such code begins so.
_TO_ABROAD = ("0", "810")


@attrs.frozen
class Spelling:
    """How a language spells figures."""

    language: Language

    def text(self, name: str, **values: object) -> str:
        """Give a text of the dictionary, with values in their places."""
        return TEXTS[self.language][name].format(**values)

    def number(self, value: float) -> str:
        """Spell a number: thousands apart, one digit after the point where it is no whole one."""
        spelled = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
        return spelled.replace(",", _SPACE).replace(".", self.text("point"))

    def link(self, number: str) -> str:
        """Make the address that dials a number, as it is where no country code stands before it."""
        is_whole = len(number) >= _SHORTEST_WITH_COUNTRY and not number.startswith(_TO_ABROAD)
        return f"tel:{'+' if is_whole else ''}{number}"

    def percent(self, share: float | None) -> str:
        """Spell a share; neither 0 nor 100 % unless it is that."""
        if share is None:
            return _NOTHING
        if 0 < share < 0.005:
            return f"<{_SPACE}1{_SPACE}%"
        if 0.995 <= share < 1:
            return f">{_SPACE}99{_SPACE}%"
        return f"{round(share * 100)}{_SPACE}%"

    def duration(self, seconds: float | None) -> str:
        """Spell a duration, in seconds, minutes, or hours."""
        if seconds is None:
            return _NOTHING
        whole_s = round(seconds)
        minutes, rest_s = divmod(whole_s, 60)
        if not minutes:
            return self._join((rest_s, "s"))
        if minutes < 60:
            return self._join((minutes, "min"), (rest_s, "s"))
        hours, rest_min = divmod(round(whole_s / 60), 60)
        return self._join((hours, "h"), (rest_min, "min"))

    def day(self, day: date) -> str:
        """Spell a day, a moment's too."""
        return f"{self.weekday(day.weekday())} {day.strftime(self.text('date'))}"

    def month(self, day: date) -> str:
        """Spell the month of a day."""
        return day.strftime(self.text("month"))

    def moment(self, moment: datetime) -> str:
        """Spell a moment, to the minute."""
        return f"{self.day(moment)} {moment:%H:%M}"

    def weekday(self, weekday: int) -> str:
        """Name a weekday; 0 is Monday."""
        return self.text("weekdays").split()[weekday]

    def _join(self, *parts: tuple[int, str]) -> str:
        """Put units behind figures, and leave out what is nothing behind something."""
        told = [part for place, part in enumerate(parts) if part[0] or not place]
        return " ".join(f"{self.number(figure)}{_SPACE}{self.text(unit)}" for figure, unit in told)


def clean(text: str) -> str:
    """Make a foreign text fit to be shown: no control characters, none that turn a line around, not endless."""
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
    return (
        shown if shown.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in shown)
    )
