"""The tree against an independent implementation, and codecs that can't be confused."""

import warnings
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.ledger.domain.leaves import EPOCH, Entry, fields, microseconds
from dean06.ledger.domain.merkle import EMPTY_ROOT, Frontier, Place, Tree, hash_leaf, inclusion_path, peaks_of, root_from_path, root_of
from dean06.ledger.domain.notes import Checkpoint, MalformedNote, Note, key_id

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pymerkle import InmemoryTree

contents = st.lists(st.binary(max_size=40), min_size=1, max_size=70)
hashes = st.binary(min_size=32, max_size=32)


@given(contents)
def test_the_root_is_the_one_pymerkle_finds_at_each_size(leaves):
    oracle, tree = InmemoryTree(algorithm="sha256"), Frontier()
    for content in leaves:
        oracle.append_entry(content)
        tree.append(hash_leaf(content))
        assert tree.root() == oracle.get_root()


@given(contents, st.data())
def test_each_leaf_has_a_path_to_the_root_and_no_other_leaf_fits_it(leaves, data):
    tree = Tree(hash_leaf(content) for content in leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.path(index)

    assert root_from_path(hash_leaf(leaves[index]), index, len(leaves), path) == tree.root()
    assert root_from_path(hash_leaf(b"other" * 10), index, len(leaves), path) != tree.root()
    assert root_from_path(hash_leaf(leaves[index]), index, len(leaves), [*path, bytes(32)]) is None
    if path:
        assert root_from_path(hash_leaf(leaves[index]), index, len(leaves), path[:-1]) is None
        assert root_from_path(hash_leaf(leaves[index]), index, len(leaves), [bytes(32), *path[1:]]) != tree.root()


@given(st.integers(1, 60), st.integers(0, 60))
def test_a_tree_goes_on_from_its_peaks_as_if_it_had_never_stopped(before, after):
    leaves = [hash_leaf(bytes([number])) for number in range(before + after)]
    stored = {}
    whole = Frontier()
    for number, leaf in enumerate(leaves):
        stored[Place(0, number)] = leaf
        stored.update(whole.append(leaf))
    resumed = Frontier(before, [stored[place] for place in peaks_of(before)])
    for leaf in leaves[before:]:
        resumed.append(leaf)

    assert resumed == whole
    assert all(
        root_from_path(leaves[n], n, whole.size, inclusion_path(n, whole.size, stored.__getitem__)) == whole.root()
        for n in range(whole.size)
    )


def test_the_edges_of_a_tree():
    assert root_of([]) == EMPTY_ROOT
    assert root_of([b"x" * 32]) == b"x" * 32
    assert root_from_path(b"x" * 32, 0, 1, []) == b"x" * 32
    assert root_from_path(b"x" * 32, 1, 1, []) is None
    with pytest.raises(IndexError):
        inclusion_path(3, 3, dict.__getitem__)


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_different_fields_never_have_the_same_bytes(one, other):
    assert (fields(*one) == fields(*other)) == (one == other)


entries = st.builds(
    Entry,
    id=st.uuids(),
    log=st.text(max_size=8),
    kind=st.text(max_size=8),
    recorded_at=st.datetimes(timezones=st.just(UTC)),
    subject=st.just(b"") | hashes,
    subject_count=st.integers(0, 2**40),
    subjects_root=st.just(b"") | hashes,
    commitment=hashes,
)


@given(entries, entries)
def test_different_entries_are_different_leaves(one, other):
    assert (one.leaf_hash() == other.leaf_hash()) == (one == other)


def test_the_leaf_format_does_not_change_by_accident():
    """A published vector of our own: a change here breaks every proof that was ever downloaded."""
    entry = Entry(
        id=UUID("019ab2c4-5d6e-7f80-9123-456789abcdef"),
        log="registry",
        kind="registry.page_shown",
        recorded_at=datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC),
        subject=bytes(range(32)),
        subject_count=1,
        subjects_root=b"",
        commitment=bytes(range(32, 64)),
    )

    assert entry.leaf_hash().hex() == "6c9e53a33ffc71785ef34a390bbc2a95eded9f333a504240816e07e8d834cba6"


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_lose_nothing(instant):
    assert EPOCH + timedelta(microseconds=microseconds(instant)) == instant


@given(
    st.from_regex(r"[a-z][a-z.]{0,9}", fullmatch=True),
    st.integers(0, 2**50),
    hashes,
    hashes,
    st.lists(st.binary(min_size=68, max_size=68), min_size=1, max_size=3),
)
def test_notes_are_read_as_they_were_written(log, size, root, chain, signatures):
    checkpoint = Checkpoint(log, size, root, chain)
    note = Note(checkpoint.text(), tuple((value[:4], value[4:]) for value in signatures))

    assert Note.parse(str(note)) == note
    assert Checkpoint.parse(note.text) == checkpoint


@pytest.mark.parametrize("text", ["", "x", "a\n\nb", "a\n\n— name\n", "a\n\n- name AAAA\n", "a\n\n— name @@@@\n"])
def test_what_is_no_note_is_refused(text):
    with pytest.raises(MalformedNote):
        Note.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x\n1\nAA==\nchain AA==\n",
        "dean06.ledger/r\nx\nAA==\nchain AA==\n",
        "dean06.ledger/r\n1\n@\nchain AA==\n",
        "dean06.ledger/r\n1\nAA==\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(MalformedNote):
        Checkpoint.parse(text)


def test_the_key_id_is_that_of_c2sp():
    """Computed by hand from the rule: SHA-256 of name, newline, type 1, key; its first four bytes."""
    import hashlib

    assert key_id(bytes(32)) == hashlib.sha256(b"dean06.ledger\n\x01" + bytes(32)).digest()[:4]


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70))
def test_the_root_of_leaves_is_that_of_the_tree_grown_leaf_by_leaf(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)

    assert root_of(leaves) == frontier.root()


@given(st.lists(st.integers(0, 70), min_size=1, max_size=5))
def test_many_leaves_at_once_grow_the_tree_that_single_ones_grow(counts):
    at_once, one_by_one = Frontier(), Frontier()
    for count in counts:
        leaves = [hash_leaf(bytes([number, count])) for number in range(count)]

        stored = at_once.extend(leaves)

        assert sorted(stored) == sorted(node for leaf in leaves for node in one_by_one.append(leaf) if node[0].is_stored)
        assert at_once == one_by_one


def test_a_hash_that_is_not_stored_is_eight_stored_ones_away_at_most():
    hashes = {Place(0, index): hash_leaf(bytes([index])) for index in range(64)}
    tree = Frontier()
    for index in range(64):
        hashes.update(tree.append(hashes[Place(0, index)]))

    assert [place.level for place in sorted(hashes) if place.is_stored] == [4, 4, 4, 4]
    for place, value in hashes.items():
        parts = place.parts()
        assert len(parts) <= 8
        assert all(part.is_stored or part.level == 0 for part in parts)
        assert root_of(hashes[part] for part in parts) == value
