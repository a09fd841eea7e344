"""Update docs/images from the example project: `python -m docs.take_screenshots`.

Run it in the root folder of the repository. It requires the dependency groups `browser` and
`tests`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM_OPTIONS, find_chromium
from tests.support.demonstration import Demonstration

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1280, "height": 860}
MAX_BYTES = 300_000
"""Keeps the README fast on mobile connections."""
PAGES = {"list.png": "/help_desk/page/list/"}


def main() -> int:
    """Take a screenshot of each page as the manager, and fail if a file is too large."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        demonstration = Demonstration(Path(folder))
        demonstration.start()
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(CHROMIUM_OPTIONS)
        )
        try:
            page = browser.new_page(base_url=demonstration.url, viewport=SIZE, color_scheme="light")
            page.goto("/sign-in/")
            page.get_by_label("Username").fill("mona")
            page.get_by_label("Password").fill("demo")
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Hello").wait_for()
            for name, path in PAGES.items():
                page.goto(path)
                page.screenshot(path=IMAGES / name)
        finally:
            browser.close()
            demonstration.stop()
    sizes = {name: (IMAGES / name).stat().st_size for name in PAGES}
    for name, size in sizes.items():
        sys.stdout.write(f"{IMAGES / name}: {size} bytes\n")
    return int(max(sizes.values()) > MAX_BYTES)


if __name__ == "__main__":
    sys.exit(main())
