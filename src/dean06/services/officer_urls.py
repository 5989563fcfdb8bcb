"""Addresses of the officers' desk."""

from django.urls import path

from dean06.services.pages import officer

urlpatterns = [
    path("officer", officer.queue, name="queue"),
    path("officer/dossiers/<str:code>", officer.desk, name="officer-dossier"),
    path("officer/dossiers/<str:code>/files/<uuid:key>", officer.evidence, name="officer-file"),
    path("officer/dossiers/<str:code>/<slug:action>", officer.act, name="officer-act"),
]
