"""Sphinx configuration; `tox run -e docs` builds with warnings as errors."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from help_desk.conf import Setting

# autodoc imports the models, so Django must be set up. The checkout comes last on the path, so
# that an installed package takes precedence.
sys.path.append(str(Path(__file__).parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

import help_desk  # noqa: E402 -- after django.setup()
from help_desk.conf import SETTINGS  # noqa: E402

project = "django-deskside"
copyright = "the django-deskside contributors"
author = "the django-deskside contributors"
version = release = help_desk.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3  # pages link to headings of other pages

smartquotes = False  # keep straight quotation marks; many are in names of settings and values
default_role = "code"  # docstrings write `name` for code
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_use_ivar = True
# References to Django and Python cannot be resolved: the build loads no inventories.
nitpick_ignore_regex = [(r"py:.*", r"(?!help_desk\.).*")]

html_theme = "furo"
html_title = f"django-deskside {release}"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["tables.css"]


TEMPLATES = Path(help_desk.__file__).parent / "templates"
COMMENT = re.compile(
    r"\{# (?P<line>.*?) #\}|\{% comment %\}(?P<lines>.*?)\{% endcomment %\}", re.DOTALL
)


class SettingsList(SphinxDirective):
    """Document each key of `HELP_DESK` from `help_desk.conf.SETTINGS`."""

    def run(self) -> list[nodes.Node]:
        """Return a section per key, with the label `setting-<name>`."""
        return [self._section(setting) for setting in SETTINGS]

    def _section(self, setting: Setting) -> nodes.Node:
        label = f"setting-{setting.name.lower().replace('_', '-')}"
        section = nodes.section(names=[label])
        self.state.document.note_explicit_target(section)
        types = " or ".join(kind.__name__ for kind in setting.types)
        fields = nodes.field_list()
        fields += _field("Type", types.replace("NoneType", "None"))
        fields += _field("Default", repr(setting.default))
        if setting.choices:
            fields += _field("Choices", ", ".join(map(repr, setting.choices)))
        content, problems = self.parse_inline(setting.help)
        section += nodes.title("", "", nodes.literal("", setting.name))
        section += [nodes.paragraph("", "", *content), fields, *problems]
        return section


class TemplateList(SphinxDirective):
    """List the templates with the comment at the top of each file."""

    def run(self) -> list[nodes.Node]:
        """Return a definition list with an entry per template."""
        entries = nodes.definition_list()
        for path in sorted(TEMPLATES.rglob("*.*")):
            name = path.relative_to(TEMPLATES).as_posix()
            content, problems = self.parse_inline(_comment(path.read_text(encoding="utf-8")))
            entries += nodes.definition_list_item(
                "",
                nodes.term("", "", nodes.literal("", name)),
                nodes.definition("", nodes.paragraph("", "", *content), *problems),
            )
        return [entries]


def _comment(source: str) -> str:
    found = COMMENT.search(source)
    return " ".join((found["line"] or found["lines"]).split()) if found else ""


def _field(name: str, value: str) -> nodes.Node:
    body = nodes.field_body("", nodes.paragraph("", "", nodes.literal("", value)))
    return nodes.field("", nodes.field_name("", name), body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives of this file."""
    app.add_directive("help-desk-settings", SettingsList)
    app.add_directive("help-desk-templates", TemplateList)
    return {"parallel_read_safe": True}
