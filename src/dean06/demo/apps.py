"""Django application of demo: no tables, but its benchmarks are found."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The synthetic country and the demo walk."""

    name = "dean06.demo"
    label = "demo"
