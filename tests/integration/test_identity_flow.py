"""The code flow in one process: sign-in, consent, code, tokens, claims, and what is refused on the way."""

import pytest
from django.test import Client

from dean06.identity.actions.release import userinfo
from dean06.identity.tokens import own_id_token
from identity_world import Visitor, a_holder, prepare, redeem, redeem_as_portal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world():
    prepare()


@pytest.fixture
def browser():
    return Client()


def test_a_person_signs_in_agrees_and_the_bank_learns_what_she_agreed_to(browser):
    holder = a_holder("Vũ Thị Minh Hà")

    answer = redeem(Visitor(browser).code_for(holder))
    claims = own_id_token(answer["id_token"])
    facts = userinfo(answer["access_token"])

    assert claims["acr"] == "urn:dean06:loa:2.2"
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert claims["nonce"] == "nonce-1"
    assert facts == {"sub": claims["sub"], "name": "Vũ Thị Minh Hà", "birthdate": "1990-05-02"}


def test_the_portal_signs_its_request_and_learns_the_number(browser):
    holder = a_holder()

    answer = redeem_as_portal(Visitor(browser).code_for(holder, "portal"))

    assert userinfo(answer["access_token"])["number"] == holder.number
