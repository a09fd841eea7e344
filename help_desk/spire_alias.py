"""`django_spire.help_desk` as another name for `help_desk`.

Importing this module installs the name, for code written for django-spire's package:

    import help_desk.spire_alias  # in the host's settings

Every module under that name is the same module object as in this package, so there is one
model class, and patches are visible through both names. If django-spire itself is installed,
importing this module raises ImproperlyConfigured and changes nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

PARENT = "django_spire"
ALIAS = "django_spire.help_desk"
PACKAGE = "help_desk"


class _AliasLoader(Loader):
    """Returns the module of this package that an alias stands for."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(PACKAGE + spec.name.removeprefix(ALIAS))
        # The import system sets the alias's spec on the module: keep its own.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The module was executed under its own name. Restore its own spec.
        alias_spec = module.__spec__
        if alias_spec is not None:
            module.__spec__ = alias_spec.loader_state


class _AliasFinder(MetaPathFinder):
    """Finds modules under the alias."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != ALIAS and not fullname.startswith(f"{ALIAS}."):
            return None
        real = importlib.util.find_spec(PACKAGE + fullname.removeprefix(ALIAS))
        if real is None:
            return None
        return ModuleSpec(fullname, _AliasLoader(), is_package=_is_package(real))


def _is_package(spec: ModuleSpec) -> bool:
    return spec.submodule_search_locations is not None


def _install() -> None:
    if PARENT in sys.modules or importlib.util.find_spec(PARENT) is not None:
        message = (
            "help_desk.spire_alias cannot be used because django-spire itself is installed. "
            "Remove the import of help_desk.spire_alias, and replace 'django_spire.help_desk' "
            "by 'help_desk' in INSTALLED_APPS."
        )
        raise ImproperlyConfigured(message)
    parent = ModuleType(PARENT, "The parent of the alias django_spire.help_desk.")
    parent.__path__ = []
    parent.__spec__ = ModuleSpec(PARENT, loader=None, is_package=True)
    sys.modules[PARENT] = parent
    sys.meta_path.insert(0, _AliasFinder())


_install()
