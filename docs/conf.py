"""Sphinx configuration; `tox run -e docs` builds with warnings as errors."""

import re
from pathlib import Path

VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
PACKAGE = Path(__file__).parent.parent / "help_desk" / "__init__.py"

project = "django-deskside"
copyright = "the django-deskside contributors"
author = "the django-deskside contributors"
version = release = VERSION.search(PACKAGE.read_text(encoding="utf-8"))[1]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4  # pages link to headings of other pages

smartquotes = False  # keep straight quotation marks; many are in names of settings and values

html_theme = "furo"
html_title = f"django-deskside {release}"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["tables.css"]
