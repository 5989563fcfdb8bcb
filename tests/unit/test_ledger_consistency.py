"""Consistency proofs and cosignatures: against an independent implementation, and against what is not one."""

import base64
import hashlib
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from dean06.ledger.domain.consistency import consistency_places, consistency_proof, is_consistent
from dean06.ledger.domain.cosignatures import Submission, VerifierKey, cosigned_bytes
from dean06.ledger.domain.merkle import Frontier, Place, hash_leaf, root_of
from dean06.ledger.domain.notes import MalformedNote, Note

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pymerkle import InmemoryTree, verify_consistency


def tree_of(size):
    stored, tree = {}, Frontier()
    for number in range(size):
        leaf = hash_leaf(number.to_bytes(2, "big"))
        stored[Place(0, number)] = leaf
        stored.update(tree.append(leaf))
    return stored


@given(st.integers(0, 130), st.integers(0, 130))
def test_a_log_that_only_grew_is_consistent_and_any_other_root_is_not(old, more):
    new, stored = old + more, tree_of(old + more)
    leaves = [stored[Place(0, number)] for number in range(new)]
    old_root, new_root = root_of(leaves[:old]), root_of(leaves)

    proof = consistency_proof(old, new, stored.__getitem__)

    assert is_consistent(old, old_root, new, new_root, proof)
    assert not is_consistent(old, old_root, new, bytes(32), proof) or old == 0
    assert not is_consistent(old, bytes(32), new, new_root, proof)
    assert not is_consistent(old, old_root, new, new_root, [*proof, bytes(32)])
    if proof:
        assert not is_consistent(old, old_root, new, new_root, proof[:-1])
        assert not is_consistent(old, old_root, new, new_root, [bytes(32), *proof[1:]])
    if more:
        changed = root_of([hash_leaf(b"other"), *leaves[1:]])
        assert not is_consistent(old, old_root, new, changed, proof) or old == 0


@given(st.integers(1, 70), st.integers(1, 70))
def test_the_proof_convinces_pymerkle(old, more):
    oracle = InmemoryTree(algorithm="sha256")
    for number in range(old + more):
        oracle.append_entry(number.to_bytes(2, "big"))
    theirs = oracle.prove_consistency(old, old + more)
    verify_consistency(oracle.get_root(old), oracle.get_root(old + more), theirs)

    assert is_consistent(
        old,
        oracle.get_root(old),
        old + more,
        oracle.get_root(old + more),
        consistency_proof(old, old + more, tree_of(old + more).__getitem__),
    )


def test_the_proof_of_rfc_9162():
    """RFC 9162, sec. 2.1.5, gives the example tree of seven leaves: PROOF(3), PROOF(4) and PROOF(6)."""
    assert consistency_places(3, 7) == [[Place(0, 2)], [Place(0, 3)], [Place(1, 0)], [Place(1, 2), Place(0, 6)]]
    assert consistency_places(4, 7) == [[Place(1, 2), Place(0, 6)]]
    assert consistency_places(6, 7) == [[Place(1, 2)], [Place(0, 6)], [Place(2, 0)]]
    with pytest.raises(IndexError):
        consistency_places(8, 7)


def test_a_cosignature_is_that_of_c2sp():
    """Name, newline, type 4 and key make the id; the time stands in the line and under the signature."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key = VerifierKey("witness.example", private.public_key().public_bytes_raw())
    text = "dean06.ledger/registry\n1\nAA==\nchain AA==\n"
    signed = b"cosignature/v1\ntime 1764000000\n" + text.encode()

    line = key.line(private.sign(cosigned_bytes(text, at=1764000000)), at=1764000000)

    assert cosigned_bytes(text, at=1764000000) == signed
    assert key.id == hashlib.sha256(b"witness.example\n\x04" + key.public_key).digest()[:4]
    raw = base64.b64decode(line.split(" ")[2])
    assert (line.split(" ")[:2], raw[:4], raw[4:12]) == (["\N{EM DASH}", "witness.example"], key.id, (1764000000).to_bytes(8, "big"))
    assert key.time_under(Note.parse(f"{text}\n{line}")) == 1764000000
    assert key.time_under(Note.parse(f"{text.replace('1', '2')}\n{line}")) is None
    assert VerifierKey.parse(str(key)) == key


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a+00000000+AAAA", "a b+1+BA==", "a+" + "0" * 8 + "+" + base64.b64encode(b"\x04" + bytes(32)).decode()]
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(MalformedNote):
        VerifierKey.parse(text)


@given(st.integers(0, 2**40), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_submissions_are_read_as_they_were_written(old, proof):
    submission = Submission(old, tuple(proof), "x\n\n— name AAAAAAAA\n")

    assert Submission.parse(str(submission)) == submission


@pytest.mark.parametrize(
    "text", ["", "old 1\n", "old x\n\nnote", "old 1\nAA==\n\nnote", "old ١\n\nnote", "new 1\n\nnote", "old 1\n@\n\nnote"]
)
def test_what_is_no_submission_is_refused(text):
    with pytest.raises(MalformedNote):
        Submission.parse(text)
