"""The settings that the tests run with: one host, one database, each by a variable.

`HELP_DESK_TEST_HOST` names a folder of tests/hosts, `HELP_DESK_TEST_DATABASE` one of
sqlite, postgres and mariadb.
"""

import os
from importlib import import_module

from tests.hosts.default.settings import *

_host = import_module(f"tests.hosts.{os.environ.get('HELP_DESK_TEST_HOST', 'default')}.settings")
globals().update({name: value for name, value in vars(_host).items() if name.isupper()})
