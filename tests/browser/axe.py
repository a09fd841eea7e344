"""Accessibility checks with axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDE, NARROW = 1280, 320
"""CSS pixels; WCAG 1.4.10 requires the narrow one."""
RULES = {
    "resultTypes": ["violations"],
    # WCAG 2.2 requires it; axe does not check it by default.
    "rules": {"target-size": {"enabled": True}},
}
UNREADABLE = """
() => [...document.querySelectorAll("a, button, summary, label, span")].filter((element) => {
  const style = getComputedStyle(element);
  return element.innerText.trim() && style.color === style.backgroundColor;
}).map((element) => element.outerHTML)
"""
"""Text in the color of its background, which axe takes for hidden on purpose."""


def accessibility_problems(page: Page) -> list[str]:
    """Return what axe finds on a page, wide and narrow, light and dark, and whether it scrolls."""
    found = []
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"At {width} pixels the page scrolls horizontally.")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            unreadable = [f"unreadable: {html}" for html in page.evaluate(UNREADABLE)]
            found += [f"{width} {scheme}: {problem}" for problem in _run_axe(page) + unreadable]
    return found


def _run_axe(page: Page) -> list[str]:
    import axe_playwright_python  # noqa: PLC0415 -- not in every environment

    script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    page.evaluate(script.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {violation['help']}: {node['html']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
