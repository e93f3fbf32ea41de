"""One self-contained HTML page of a report."""

from functools import cache
from typing import TYPE_CHECKING

from ..models import CallOutcome
from .figures import Report
from .language import LANGUAGES, Language
from .spelling import Spelling, clean
from .view import View

if TYPE_CHECKING:
    import jinja2


def render_html(report: Report, *, language: Language = "en") -> str:
    """Render a report as one HTML page that needs nothing else: no network, no script, no other file.

    Args:
        report: The figures.
        language: Of the page: ``en`` or ``ru``.

    Returns:
        The page, to be written as UTF-8.

    Raises:
        ImportError: The extra ``report`` is not installed.
        ValueError: There is no such language.

    Source: operations 4, 6 and 8.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {', '.join(LANGUAGES)}, got {language!r}")
    spelling = Spelling(language)
    template = _environment().get_template("report.html")
    return template.render(
        report=report,
        view=View(report, spelling),
        spelling=spelling,
        t=spelling.text,
        outcomes=list(CallOutcome),
    )


@cache
def _environment() -> "jinja2.Environment":
    # Loaded now: the figures alone need no template.
    try:
        import jinja2  # noqa: PLC0415  # belongs to an extra
    except ImportError as error:
        raise ImportError('a report is rendered by Jinja: pip install "tele2ats_async[report]"') from error
    # Names come from a server, and callers may have given themselves any: all is escaped, whatever it is.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or __name__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    return environment
