"""People and their tickets live in another database than the rest of the host."""

from tests.hosts.default.settings import *
from tests.support import databases

DATABASES = {
    "default": databases.configuration(),
    "people": databases.configuration("people"),
}
DATABASE_ROUTERS = ["tests.hosts.multi_db.routers.PeopleRouter"]
