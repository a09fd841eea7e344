"""Users and tickets are in another database than the rest of the host."""

from tests.hosts.default.settings import *
from tests.support import databases

DATABASES = {
    "default": databases.configuration(),
    "users": databases.configuration("users"),
}
DATABASE_ROUTERS = ["tests.hosts.multi_db.routers.UsersRouter"]
