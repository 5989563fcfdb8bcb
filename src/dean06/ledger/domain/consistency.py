"""Consistency proofs: a log of today is the log of yesterday with something added.

Source: RFC 9162, sec. 2.1.4 (the same tree and proofs as RFC 6962, sec. 2.1.2).
"""

from collections.abc import Callable, Sequence

from dean06.ledger.domain.merkle import EMPTY_ROOT, Place, cover, fold, node_hash


def consistency_places(old: int, new: int) -> list[list[Place]]:
    """Say which complete subtrees prove that the tree of ``old`` leaves is the beginning of that of ``new`` leaves.

    Returns:
        One list for each hash of the proof, in its order; a list of several is to be folded.

    Raises:
        IndexError: the old tree is larger than the new one.
    """
    if not 0 <= old <= new:
        raise IndexError(old)
    if old in (0, new):
        return []
    proof: list[list[Place]] = []
    start, end, is_known = 0, new, True
    while end - start != old - start:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if old <= middle:
            proof.append(cover(middle, end))
            end = middle
        else:
            proof.append(cover(start, middle))
            start, is_known = middle, False
    if not is_known:
        proof.append(cover(start, end))
    return proof[::-1]


def consistency_proof(old: int, new: int, hash_at: Callable[[Place], bytes]) -> list[bytes]:
    """Return the consistency proof between two sizes of a tree (RFC 9162, sec. 2.1.4.1)."""
    return [fold([hash_at(place) for place in places]) for places in consistency_places(old, new)]


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the old tree is the beginning of the new one (RFC 9162, sec. 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and old_node == old_root and new_node == new_root
