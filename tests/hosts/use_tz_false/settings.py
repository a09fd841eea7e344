"""Moments are stored as local time, without a zone."""

from tests.hosts.default.settings import *

USE_TZ = False
