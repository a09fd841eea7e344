"""A host that has not mounted the help desk."""

urlpatterns: list[object] = []
