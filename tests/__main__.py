"""Runs the suite against the installed package rather than the checkout beside it.

`python -m tests` takes pytest's arguments. Python puts the working directory first on its
path; here it goes last, so that `tests` is found in the checkout but `help_desk` where it
was installed: tox thereby tests the wheel.
"""

import sys

import pytest

sys.path.append(sys.path.pop(0))
sys.exit(pytest.main())
