"""What no view foresaw of an address or a form, and the database refuses, is told as a refusal and not as a fault of ours."""

import pytest
from django.db import DataError
from django.test import RequestFactory
from test_oversight_figures import NATION

from dean06.site.middleware import refusal_page

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/leader/figures/received?province=%00", "/leader/dossiers/A%00"])
def test_a_nul_in_an_address_is_refused(client, acting, path):
    acting(NATION)

    answer = client.get(path)

    assert answer.status_code == 422
    assert "ký tự không lưu được" in answer.content.decode()


def test_a_nul_in_a_field_is_refused():
    refused = refusal_page(RequestFactory().post("/x", {"reason": "a\x00"}), DataError("NUL"))

    assert refused is not None
    assert refused.status_code == 422
    assert "ký tự không lưu được" in refused.content.decode()


def test_what_the_database_refuses_of_our_own_text_stays_our_fault():
    assert refusal_page(RequestFactory().get("/x?reason=a"), DataError("NUL")) is None
