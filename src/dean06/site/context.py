"""Template context that joins modules: the navigation of this actor."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the actor for templates."""
    return {"actor": getattr(request, "actor", None)}
