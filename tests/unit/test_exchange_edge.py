"""What a gateway answers when it cannot work."""

import json

import pytest
from django.db import InterfaceError, OperationalError

from dean06.exchange.consumer_edge import ConsumerEdge
from dean06.exchange.errors import EvidenceNotKept


class NoEvidence:
    async def submit(self, _evidence):
        raise EvidenceNotKept


@pytest.mark.parametrize("error", [OperationalError("server closed the connection"), InterfaceError("connection is closed")])
async def test_a_database_that_is_away_is_foreseen(error):
    edge, sent = ConsumerEdge(), []
    edge.evidence = NoEvidence()

    async def send(event):
        sent.append(event)

    await edge.refuse(send, error, request=None, known={})

    headers = {name.lower(): value for name, value in sent[0]["headers"]}
    assert sent[0]["status"] == 500
    assert headers[b"x-exchange-error"] == b"exchange.database_away"
    assert headers[b"x-road-error"] == b"Server.ClientProxy.InternalError"
    assert "try again" in json.loads(sent[1]["body"])["message"]
