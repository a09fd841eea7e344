"""Runs djade and djlint on every template that the repository holds."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OLDEST_DJANGO = "5.2"
"""djade offers no syntax that this Django does not know."""


def main() -> int:
    """Lint the templates; djade with --check, because it rewrites files without.

    Returns:
        0 if neither linter has anything to say.
    """
    templates = [
        str(path.relative_to(ROOT))
        for folder in ("help_desk", "example_project")
        for path in sorted((ROOT / folder).rglob("templates/**/*"))
        if path.suffix in {".html", ".txt"}
    ]
    if not templates:
        print("There are no templates.")
        return 1
    print(f"{len(templates)} templates")
    pages = [template for template in templates if template.endswith(".html")]
    djade = ["djade", "--check", "--target-version", OLDEST_DJANGO, *templates]
    djlint = ["djlint", "--lint", "--quiet", *pages]
    return max(
        [subprocess.run(linter, cwd=ROOT, check=False).returncode for linter in (djade, djlint)]
    )


if __name__ == "__main__":
    sys.exit(main())
