"""Dates and times are stored as local time, without a time zone."""

from tests.hosts.default.settings import *

USE_TZ = False
