"""Who packs or opens many texts gets what one gets who does it text by text, whatever stands in them."""

import random

from hypothesis import given
from hypothesis import strategies as st
from test_ledger_packing import evidence

from dean06.ledger.domain.packing import LARGEST_SECONDS, NEWEST, PLACES, inflated, packed, unpacked
from dean06.ledger.domain.shapes import LEAST_VALUES, MOST_SHAPES, Packer, Shape, Unpacker

WORDS = [b"VN/COM/BANK/CUSTOMERS", b"VN/GOV/G01/POPULATION/population", b"A-1/1", b"VN"]
RANDOM = st.randoms(use_true_random=False)
NAMES = st.sampled_from(["VN/COM/BANK/CUSTOMERS", "VN/GOV/G01/POPULATION", "100 %", "%b", "%%s", "\\", '"', "==", "é", "A" * 300])


def same_names(chance, client, count=4):
    return [evidence(chance, client=client, message=client[:9], before=LARGEST_SECONDS) for _ in range(count)]


@given(RANDOM, NAMES, st.sets(st.sampled_from(WORDS)))
def test_texts_of_one_shape_come_back_as_they_were(chance, client, words):
    known, word_at = {word: place for place, word in enumerate(words)}, list(words).__getitem__
    texts = same_names(chance, client)
    pack, unpack = Packer(known), Unpacker(word_at)

    stored = [pack(text) for text in texts]

    assert [unpacked(one, word_at) for one in stored] == texts
    assert [unpack(one) for one in stored] == texts


def test_a_known_shape_packs_into_the_same_bytes():
    known = {word: place for place, word in enumerate(WORDS)}
    texts = same_names(random.Random(1), WORDS[0].decode(), count=20)
    pack, unpack = Packer(known), Unpacker(WORDS.__getitem__)

    stored = [pack(text) for text in texts]

    assert stored == [packed(text, known) for text in texts]
    (shape,) = pack._shapes.values()
    assert [shape.packed(text) for text in texts] == stored
    assert [unpack(one) for one in stored] == texts
    assert len(unpack._shapes) == 1


@given(st.lists(st.tuples(RANDOM, NAMES), max_size=12))
def test_shapes_that_come_in_turn_are_kept_apart(asked):
    texts = [evidence(chance, client=client) for chance, client in asked] * 3
    pack, unpack = Packer(), Unpacker()

    stored = [pack(text) for text in texts]

    assert [unpack(one) for one in stored] == [unpacked(one) for one in stored] == texts


@given(RANDOM, st.integers(0, 2000), st.binary(min_size=1, max_size=40))
def test_a_text_that_differs_anywhere_from_its_shape_is_kept_as_it_is(chance, at, written):
    pack = Packer()
    texts = same_names(chance, "VN/COM/BANK")
    for text in texts:
        pack(text)
    other = texts[0][:at] + written + texts[0][at + len(written) :]

    assert unpacked(pack(other)) == other


@given(RANDOM, st.sampled_from(PLACES), st.text(max_size=90))
def test_what_only_looks_like_a_value_of_a_known_shape_is_kept_as_it_is(chance, place, written):
    pack = Packer()
    texts = same_names(chance, "VN/COM/BANK")
    for text in texts:
        pack(text)
    at = texts[0].find(place[0]) + len(place[0])
    other = texts[0][:at] + written.encode() + texts[0][at + len(written.encode()) :]

    assert unpacked(pack(other)) == other


@given(RANDOM, st.integers(0, 10_000), st.binary(max_size=3))
def test_altered_bytes_open_to_the_same_with_and_without_a_known_shape(chance, at, written):
    stored = [packed(text) for text in same_names(chance, "VN/COM/BANK")]
    unpack = Unpacker()
    for one in stored:
        unpack(one)
    at %= len(stored[0])
    altered = stored[0][:at] + written + stored[0][at + 1 :]

    assert unpack(altered) == unpacked(altered)


def test_the_second_of_a_shape_is_remembered_and_those_with_few_values_never():
    chance, pack = random.Random(2), Packer()
    few = b'{"transaction_id":"0190a000-0000-7000-8000-000000000000","padding":"' + 40 * b"0123456789" + b' sha-256=:"}'
    first, *others = same_names(chance, "VN/COM/BANK")
    pack(first)
    assert not any(pack._shapes.values())
    for text in [*others, few, few, few]:
        pack(text)

    assert Shape.of(packed(few), inflated(packed(few))) is None
    assert [shape.template.count(b"%b") >= LEAST_VALUES for shape in pack._shapes.values() if shape] == [True]


def test_no_more_shapes_are_remembered_than_there_is_room_for():
    text, pack, unpack = evidence(random.Random(3)), Packer(), Unpacker()
    for number in range(MOST_SHAPES + 20):
        other = text.replace(b"VN/COM", b"VN/C%04d" % number)
        assert unpack(pack(other)) == other

    assert len(pack._shapes) <= MOST_SHAPES
    assert len(unpack._shapes) <= MOST_SHAPES


def test_what_is_cut_opens_to_nothing():
    stored = packed(evidence(random.Random(4)))

    assert stored[0] == NEWEST
    assert Unpacker()(stored[:-1]) == b""
    assert Unpacker()(stored[:9]) == b""
