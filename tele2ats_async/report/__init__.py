"""A report on the calls of a period: its figures, and one self-contained HTML page of them.

The figures need the core dependencies alone; the page needs the extra ``report``.
"""

from .build import ReportBuilder, build_report
from .figures import Durations, EmployeeFigures, QueueFigures, Report, UnreturnedCaller
from .language import LANGUAGES, Language
from .rendering import render_html

__all__ = [
    "LANGUAGES",
    "Durations",
    "EmployeeFigures",
    "Language",
    "QueueFigures",
    "Report",
    "ReportBuilder",
    "UnreturnedCaller",
    "build_report",
    "render_html",
]
