"""Run the tests against the installed package instead of the checkout.

`python -m tests` accepts pytest's arguments. It moves the working directory to the end of
`sys.path`, so that `tests` is imported from the checkout, but `help_desk` from the installed
wheel.
"""

import sys

import pytest

sys.path.append(sys.path.pop(0))
sys.exit(pytest.main())
