"""Start-up of any process that uses Django: find the modules' consumers and tasks, then join the modules."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from dean06.core.staleness import catalogues_are_stale


class SiteConfig(AppConfig):
    """Wiring."""

    name = "dean06.site"
    label = "site"

    def ready(self) -> None:
        """Compile stale translations, import ``events.py`` (consumers) and ``tasks.py`` (recurring work) of each module, then wire."""
        if catalogues_are_stale():
            from dean06.core.catalogues import compile_stale  # noqa: PLC0415 -- the compiler is loaded when it has work

            compile_stale()
        autodiscover_modules("events", "tasks")
        from dean06.site.wiring import connect  # noqa: PLC0415 -- needs loaded models

        connect()
