"""A cheaper `FieldTracker`.

The one of django-model-utils wraps every tracked attribute and copies every value: with it,
loading a ticket takes three times as long. This one takes a snapshot of what was loaded, and
asks the database for the old value of a field that was set without being loaded.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from model_utils import FieldTracker
from model_utils.tracker import FieldInstanceTracker

from help_desk.models.rollback import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db import models


class UncommittedSave(NamedTuple):
    """A save that can still be rolled back, and what was saved before it."""

    outcome: Outcome
    pk: Any
    adding: bool
    db: str | None
    saved_data: dict[str, Any]


class SnapshotInstanceTracker(FieldInstanceTracker):
    """The saved values of one instance; they must be immutable, as those of a ticket are."""

    uncommitted: tuple[UncommittedSave, ...] = ()

    def __deepcopy__(self, memo: object) -> Self:
        return self  # The copy of the instance gets its own one at first use.

    def __getstate__(self) -> dict[str, Any]:
        # Another process cannot know what becomes of this one's transaction.
        return {**self.__dict__, "uncommitted": ()}

    def copy_for(self, instance: models.Model) -> Self:
        """Return the tracker of a copied instance."""
        tracker = type(self)(instance, self.fields, self.field_map)
        tracker.saved_data, tracker.uncommitted = dict(self.saved_data), self.uncommitted
        return tracker

    def remember_before_save(self, using: str) -> None:
        """Keep what is saved before a save in a transaction that may be rolled back."""
        instance, state = self.instance, self.instance._state
        save = UncommittedSave(
            Outcome(using), instance.pk, state.adding, state.db, dict(self.saved_data)
        )
        self.uncommitted = (*self.uncommitted, save)

    def forget_rolled_back_saves(self) -> None:
        """Restore what is saved, and that the instance is new, if its saves were rolled back."""
        for index, save in enumerate(self.uncommitted):
            if save.outcome.is_rolled_back:
                state = self.instance._state
                if save.adding and not state.adding:
                    self.instance.pk = save.pk
                    state.adding, state.db = True, save.db
                self.saved_data, self.uncommitted = save.saved_data, self.uncommitted[:index]
                return
        self.uncommitted = tuple(save for save in self.uncommitted if not save.outcome.is_committed)

    def current(self, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the current values of tracked fields, without deferred ones."""
        values, names = self.instance.__dict__, self.field_map
        return {
            field: values[names[field]]
            for field in (names if fields is None else fields)
            if names[field] in values
        }

    def set_saved_fields(self, fields: Iterable[str] | None = None) -> None:
        """Take the current values for saved ones."""
        if fields is None or not self.instance.pk:
            self.saved_data = self.current() if self.instance.pk else {}
        else:
            self.saved_data.update(self.current(fields))

    def has_changed(self, field: str) -> bool:
        """Return whether a field differs from its saved value; a deferred one does not."""
        if field in self.field_map and self.field_map[field] not in self.instance.__dict__:
            return False
        return super().has_changed(field)

    def previous(self, field: str) -> Any:
        """Return the saved value of a field."""
        instance, name = self.instance, self.field_map[field]
        if field not in self.saved_data and instance.pk and not instance._state.adding:
            rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
            self.saved_data[field] = rows.values_list(name, flat=True).first()
        return self.saved_data.get(field)


class SnapshotTracker(FieldTracker):
    """Tracks fields with immutable values."""

    tracker_class = SnapshotInstanceTracker

    def finalize_class(self, sender: type[models.Model], **kwargs: object) -> None:
        """Add the tracker to the model, without a wrapper around each attribute."""
        self.model_class = sender
        self.field_map = self.get_field_map(sender)
        setattr(sender, self.name, self)
        self.patch_init(sender)
        self.patch_save(sender)

    def __get__(self, instance: Any, owner: object = None) -> Any:
        """Return the tracker of an instance, up to date with rolled-back transactions."""
        if instance is None:
            return self
        tracker = getattr(instance, self.attname)
        if tracker.instance is not instance:
            tracker = tracker.copy_for(instance)
            setattr(instance, self.attname, tracker)
        if tracker.uncommitted:
            tracker.forget_rolled_back_saves()
        return tracker

    def _patch(self, model: type[models.Model], method: str, fields_kwarg: str) -> None:
        original = getattr(model, method)

        @wraps(original)
        def inner(instance: models.Model, *args: object, **kwargs: Any) -> object:
            names = kwargs.get(fields_kwarg)
            # Django names a foreign key by its column if other fields are deferred.
            fields = [
                field
                for field, attname in self.field_map.items()
                if names is None or field in names or attname in names
            ]
            with self.__get__(instance)(*fields):
                return original(instance, *args, **kwargs)

        setattr(model, method, inner)
