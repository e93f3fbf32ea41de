"""How the documentation is built: ``sphinx-build -W docs docs/_build``."""

from tele2ats_async import __version__

project = "tele2ats_async"
project_copyright = "2026, the tele2ats_async contributors"
release = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "ru"]  # docs/ru has a conf.py of its own
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_title = f"tele2ats_async {release}"

default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_custom_sections = ["Source"]
napoleon_use_ivar = True
