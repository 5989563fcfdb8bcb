"""Group commit by itself, with a writer that notes what it is given; the real one is held by test_ledger_grouping and the kill tests."""

import asyncio
import contextvars

import psycopg
import pytest

from dean06.exchange import committing
from dean06.exchange.committing import GroupCommit
from dean06.exchange.errors import EvidenceNotKept


class Connection:
    closed = 0

    async def close(self):
        Connection.closed += 1


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    async def open_connection(_alias):
        return Connection()

    monkeypatch.setattr(committing, "open_connection", open_connection)
    monkeypatch.setattr(committing, "database_of", lambda _module: "default")


class Writer:
    """Takes some turns of the loop, as a commit does; refuses what it was told to refuse."""

    def __init__(self, refused=(), error=ValueError):
        self.groups = []
        self.refused = refused
        self.error = error

    async def __call__(self, _connection, items):
        self.groups.append(list(items))
        await self.commits()
        if set(items) & set(self.refused):
            raise self.error("no")
        return [10 * item for item in items]

    async def commits(self):
        for _ in range(10):
            await asyncio.sleep(0)


class SlowWriter(Writer):
    """Says when it began and ends when it is told to."""

    def __init__(self):
        super().__init__()
        self.began, self.may_end = asyncio.Event(), asyncio.Event()

    async def commits(self):
        self.began.set()
        await self.may_end.wait()


def outcomes(commit, items):
    async def work():
        found = await asyncio.gather(*map(commit.submit, items), return_exceptions=True)
        await commit.close()
        return found

    return asyncio.run(work())


def test_what_waits_together_is_written_together_and_each_gets_its_own_result():
    writer = Writer()

    assert outcomes(GroupCommit("x", writer), range(50)) == [10 * item for item in range(50)]
    assert writer.groups == [list(range(50))]


def test_a_group_is_never_larger_than_asked_for():
    writer = Writer()

    outcomes(GroupCommit("x", writer, most=8), range(20))

    assert [len(group) for group in writer.groups] == [8, 8, 4]


def test_what_comes_while_a_group_is_written_is_the_next_group():
    writer = SlowWriter()
    commit = GroupCommit("x", writer)

    async def work():
        first = asyncio.create_task(commit.submit(1))
        await writer.began.wait()
        others = [asyncio.create_task(commit.submit(item)) for item in (2, 3)]
        await asyncio.sleep(0)  # so that both have begun
        assert commit.waiting == len(others)
        writer.may_end.set()
        return await asyncio.gather(first, *others)

    assert asyncio.run(work()) == [10, 20, 30]
    assert writer.groups == [[1], [2, 3]]


def test_a_bad_item_fails_alone():
    found = outcomes(GroupCommit("x", Writer(refused={2})), [1, 2, 3])

    assert (found[0], found[2]) == (10, 30)
    assert isinstance(found[1], EvidenceNotKept)


def test_when_the_database_is_away_all_fail_at_once_and_the_next_call_connects_anew():
    writer = Writer(refused={1}, error=psycopg.OperationalError)
    commit = GroupCommit("x", writer)
    closed = Connection.closed

    found = outcomes(commit, [1, 2, 3])

    assert all(isinstance(one, EvidenceNotKept) for one in found)
    assert writer.groups == [[1, 2, 3]]
    assert Connection.closed == closed + 1
    assert outcomes(commit, [4]) == [40]


def test_a_caller_who_left_hinders_nobody():
    commit = GroupCommit("x", Writer())

    async def work():
        gone, stays = asyncio.create_task(commit.submit(1)), asyncio.create_task(commit.submit(2))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert asyncio.run(work()) == 20


def test_the_task_that_writes_knows_nothing_of_the_caller_who_woke_it():
    caller, seen = contextvars.ContextVar("caller", default="nobody"), []

    async def write(_connection, items):
        seen.append(caller.get())
        return items

    async def work():
        caller.set("a stranger")
        return await GroupCommit("x", write).submit(1)

    asyncio.run(work())

    assert seen == ["nobody"]


def test_a_queue_that_is_full_refuses(monkeypatch):
    monkeypatch.setattr(committing, "LONGEST_QUEUE", 2)

    found = outcomes(GroupCommit("x", Writer()), [1, 2, 3])

    assert found[:2] == [10, 20]
    assert isinstance(found[2], EvidenceNotKept)
