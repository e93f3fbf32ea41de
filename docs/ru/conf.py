"""How the Russian documentation is built: ``sphinx-build -W docs/ru docs/_build/ru``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from conf import default_role, html_css_files, html_theme, html_title, project, release  # the English one

__all__ = ["default_role", "html_css_files", "html_theme", "html_title", "project", "release"]

language = "ru"
project_copyright = "2026, авторы tele2ats_async"
exclude_patterns: list[str] = []
html_static_path = ["../_static"]
