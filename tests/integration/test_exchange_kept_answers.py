"""Answers kept for repeated requests: sealed under a secret of their own, which neither the database nor Django's secret key tells."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings as configured

from dean06.core.keys import new_key
from dean06.exchange.domain.repeats import Repeatable
from dean06.exchange.errors import KeptAnswerUnreadable
from dean06.exchange.models import KeptAnswer
from dean06.exchange.repeating import claim, store
from dean06.exchange.serving import ServiceAnswer

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=30)
BODY = b'{"full_name": "Nguyen Thi Mau"}'
TRANSACTION = "5c1e0d6e-7c55-4f3a-9d52-1b6f3a3f9f10"


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DEAN06_DATA_DIR = tmp_path / "data"


def a_try(key="k-1"):
    return Repeatable(UUID(int=7), b"f" * 32, key, uuid4())


def kept():
    first = a_try()
    assert claim(first, lease=LEASE) is None
    store(first, ServiceAnswer(200, "application/json", body=BODY, subjects=(new_key(),)), transaction_id=TRANSACTION)


def test_a_new_secret_key_loses_no_answer(settings):
    kept()

    settings.SECRET_KEY = "another one altogether"
    again = claim(a_try(), lease=LEASE)

    assert (again.answer.body, again.answer.status, again.transaction_id) == (BODY, 200, TRANSACTION)


def test_an_answer_kept_under_another_secret_is_told_as_such_and_the_request_is_not_done_again(settings, tmp_path):
    kept()
    before = KeptAnswer.objects.values().get()

    settings.DEAN06_DATA_DIR = tmp_path / "elsewhere"
    with pytest.raises(KeptAnswerUnreadable):
        claim(a_try(), lease=LEASE)

    assert KeptAnswer.objects.values().get() == before


@pytest.mark.parametrize("place", [0, 11, 12, -1])
def test_an_altered_answer_is_not_handed_out(place):
    kept()
    row = KeptAnswer.objects.get()
    sealed = bytearray(row.sealed)
    sealed[place] ^= 1
    KeptAnswer.objects.update(sealed=bytes(sealed))

    with pytest.raises(KeptAnswerUnreadable):
        claim(a_try(), lease=LEASE)


def test_neither_the_row_nor_the_secret_alone_opens_an_answer():
    kept()
    row = KeptAnswer.objects.get()

    assert BODY not in bytes(row.sealed)
    assert (configured.DEAN06_DATA_DIR / "secrets" / "kept-answers").stat().st_mode & 0o077 == 0
    with pytest.raises(KeptAnswerUnreadable):
        claim(a_try(key="guessed"), lease=LEASE)
