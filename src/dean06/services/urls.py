"""Addresses of services."""

from typing import Final

from django.urls import URLPattern, path

from dean06.services import officer_urls
from dean06.services.pages import consents, drafting, procedures, tracking, verification

app_name: Final = "services"

urlpatterns: list[URLPattern] = [
    path("procedures", procedures.listing, name="procedures"),
    path("procedures/<str:code>", procedures.procedure, name="procedure"),
    path("procedures/<str:code>/start", procedures.start, name="start"),
    path("drafts/<uuid:draft_id>/case", drafting.case, name="draft-case"),
    path("drafts/<uuid:draft_id>/place", drafting.place, name="draft-place"),
    path("drafts/<uuid:draft_id>/check", drafting.check, name="draft-check"),
    path("dossiers/<str:code>", tracking.dossier, name="dossier"),
    path("dossiers/<str:code>/withdraw", tracking.withdraw, name="withdraw"),
    path("dossiers/<str:code>/supplement", tracking.supplement, name="supplement"),
    path("dossiers/<str:code>/signatures", tracking.signatures, name="signatures"),
    path("dossiers/<str:code>/consents/<slug:role>/ask-again", tracking.ask_again, name="ask-again"),
    path("documents/<uuid:key>.pdf", tracking.document, name="document"),
    path("consents", consents.listing, name="consents"),
    path("consents/<uuid:consent_id>", consents.consent, name="consent"),
    path("verify", verification.verify, name="verify"),
    path("verify/<str:code>", verification.verify_code, name="verify-code"),
    *officer_urls.urlpatterns,
]
