"""Print the shell command of the README that contains a text, for instance "-m pytest".

.ci/run executes the command exactly as users will copy it.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def main(text: str) -> int:
    blocks = re.findall(
        r"^```shell\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    found = [block.strip() for block in blocks if text in block]
    if len(found) != 1:
        print(f"Expected one README command with {text!r}, found {len(found)}.", file=sys.stderr)
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
