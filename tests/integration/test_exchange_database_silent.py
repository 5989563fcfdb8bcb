"""A database that went away without a word: calls are told so in seconds, and the next ones are written again."""

import asyncio
import socket

import psycopg
import pytest
from django.conf import settings

from dean06.core.config import Config
from dean06.core.databases import django_database, open_connection
from dean06.core.statements import NUMBERS, Statement
from dean06.exchange import committing
from dean06.exchange.committing import GroupCommit
from dean06.exchange.errors import EvidenceNotKept

SLEEP = Statement("SELECT pg_sleep(number)::text FROM unnest(%b::bigint[]) AS row (number)", NUMBERS)


async def through_a_statement(connection, seconds):
    await connection.run(SLEEP, [seconds])
    return seconds


async def through_a_cursor(connection, seconds):
    await connection.execute("SELECT pg_sleep(%s)", [max(seconds)])
    return seconds


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", [through_a_statement, through_a_cursor])
def test_a_group_that_the_database_does_not_answer_fails_in_time_and_the_next_is_written(write, monkeypatch):
    monkeypatch.setattr(committing, "WRITE_SECONDS", 0.5)
    commit = GroupCommit("x", write)

    async def work():
        async with asyncio.timeout(60):
            lost = await asyncio.gather(commit.submit(10), commit.submit(0), return_exceptions=True)
            monkeypatch.setattr(committing, "WRITE_SECONDS", 60)
            kept = await commit.submit(0)
            await commit.close()
        return lost, kept

    lost, kept = asyncio.run(work())

    assert [type(one) for one in lost] == [EvidenceNotKept] * 2
    assert kept == 0


def test_a_server_that_takes_a_connection_and_says_nothing_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://somebody@127.0.0.1:{silent.getsockname()[1]}/dean06"
        monkeypatch.setitem(settings.DATABASES, "silent", django_database(Config(DATABASE_URL=address), module="default"))

        async def work():
            async with asyncio.timeout(120):
                await open_connection("silent")

        with pytest.raises(psycopg.OperationalError):
            asyncio.run(work())


def test_an_address_may_be_more_patient():
    address = "postgresql://somebody@db.example/dean06?connect_timeout=60&tcp_user_timeout=0"

    options = django_database(Config(DATABASE_URL=address), module="default")["OPTIONS"]

    assert (options["connect_timeout"], options["tcp_user_timeout"]) == ("60", "0")
