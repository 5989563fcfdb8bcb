"""All addresses of the web process."""

from django.urls import URLPattern, URLResolver, path

from dean06.site.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
]
