"""Run djade and djlint on all templates; both take files, not folders with mixed content."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OLDEST_DJANGO = "5.2"


def main() -> int:
    templates = [
        str(path.relative_to(ROOT))
        for folder in ("help_desk", "example_project")
        for path in sorted((ROOT / folder).rglob("templates/**/*"))
        if path.suffix in {".html", ".txt"}
    ]
    if not templates:
        print("No templates found.")
        return 1
    print(f"{len(templates)} templates")
    linters = (
        # Without --check, djade rewrites the files.
        ["djade", "--check", "--target-version", OLDEST_DJANGO, *templates],
        ["djlint", "--lint", "--quiet", *(name for name in templates if name.endswith(".html"))],
    )
    return max(subprocess.run(linter, cwd=ROOT, check=False).returncode for linter in linters)


if __name__ == "__main__":
    sys.exit(main())
