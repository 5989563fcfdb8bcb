"""Messages between modules: at least once, applied once."""

import pytest
from django.db import transaction

from dean06.core import messages
from dean06.core.models import InboxMessage, OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def applied(monkeypatch):
    seen = []
    monkeypatch.setattr(messages, "_consumers", messages.defaultdict(list))

    @messages.consumes("test.happened", module="registry")
    def apply(message):
        seen.append(message)
        if message.payload.get("fail"):
            raise ValueError

    return seen


def put(**payload):
    with transaction.atomic():
        return messages.put("test.happened", payload, using="default")


def test_a_message_is_delivered_once_and_marked(applied):
    key = put(n=1)

    assert messages.deliver("default") == 1
    assert messages.deliver("default") == 0
    assert [message.id for message in applied] == [key]


def test_a_doubled_delivery_changes_nothing(applied):
    put(n=1)
    messages.deliver("default")
    OutboxMessage.objects.update(delivered_at=None)

    assert messages.deliver("default") == 1
    assert len(applied) == 1
    assert InboxMessage.objects.count() == 1


def test_a_failed_consumer_is_tried_again_later_and_holds_nobody_up(applied):
    put(fail=True)
    put(n=2)

    assert messages.deliver("default") == 1
    failed = OutboxMessage.objects.get(delivered_at=None)
    assert (failed.attempts, failed.last_error) == (1, "ValueError")
    assert failed.next_attempt_at > failed.put_at


def test_a_message_without_a_transaction_is_refused(applied, monkeypatch):
    monkeypatch.setattr(transaction.get_connection("default"), "in_atomic_block", False)

    with pytest.raises(transaction.TransactionManagementError):
        messages.put("test.happened", {}, using="default")
