"""People and their tickets live in another database than the rest of the host."""

from tests import databases
from tests.hosts.default.settings import *

DATABASES = {
    "default": databases.configuration(),
    "people": databases.configuration("people"),
}
DATABASE_ROUTERS = ["tests.hosts.multi_db.routers.PeopleRouter"]
