"""Prints the README's command that contains a text, word for word.

Continuous integration runs what this prints, so that the README cannot promise anything else.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def main(text: str) -> int:
    """Look through the README's shell blocks.

    Args:
        text: What the command contains.

    Returns:
        0 if exactly one command contains it.
    """
    blocks = re.findall(
        r"^```shell\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    found = [block.strip() for block in blocks if text in block]
    if len(found) != 1:
        print(f"The README has {len(found)} commands with {text!r}, not one.", file=sys.stderr)
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
