"""The Merkle tree of RFC 9162, sec. 2.1: grown leaf by leaf, proved from the hashes of complete subtrees."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

NODE_PREFIX: Final = b"\x01"
LEAF_PREFIX: Final = b"\x00"
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
STORED_EVERY: Final = 4
"""Hashes of every fourth level are stored; those between are at most eight hashes away."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a complete subtree stands: it covers the leaves from ``index * 2**level`` on, ``2**level`` of them."""

    level: int
    index: int

    @property
    def is_stored(self) -> bool:
        """Say whether the hash is kept; the leaves' are not nodes."""
        return self.level > 0 and self.level % STORED_EVERY == 0

    def parts(self) -> list["Place"]:
        """Return the leaves or stored subtrees that this one consists of; itself, where it is one of them."""
        steps = self.level % STORED_EVERY
        return [Place(self.level - steps, (self.index << steps) + number) for number in range(1 << steps)]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def hash_leaf(content: bytes) -> bytes:
    """Hash a leaf's content."""
    return hashlib.sha256(LEAF_PREFIX + content).digest()


def peaks_of(size: int) -> list[Place]:
    """Return the complete subtrees that make up a tree of ``size`` leaves, largest first."""
    return [Place(level, (size >> level) - 1) for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: its size and the hashes of its peaks, largest first."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Add a leaf hash; return the inner nodes that became complete, lowest first."""
        return [(Place(level, self.size - 1 >> level), node) for level, node in enumerate(self.grow(leaf), start=1)]

    def grow(self, leaf: bytes) -> list[bytes]:
        """Do the same; return the hashes alone, of level 1 upwards."""
        grown, node = [], leaf
        for _ in range((self.size & ~(self.size + 1)).bit_length()):  # as many peaks merge as there are trailing one bits
            node = node_hash(self.peaks.pop(), node)
            grown.append(node)
        self.peaks.append(node)
        self.size += 1
        return grown

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[Place, bytes]]:
        """Add many leaf hashes, level by level where whole groups of them are there; return the nodes to be stored that became complete."""
        stored: list[tuple[Place, bytes]] = []
        at, group = 0, 1 << STORED_EVERY
        while at < len(leaves):
            whole = (len(leaves) - at) // group * group
            if self.size % group or not whole:
                stored += self._grow_from(leaves[at], 0)
                at += 1
                continue
            level: Sequence[bytes] = leaves[at : at + whole]
            for _ in range(STORED_EVERY):
                level = [sha256(NODE_PREFIX + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
            for node in level:
                stored += self._grow_from(node, STORED_EVERY)
            at += whole
        return stored

    def _grow_from(self, node: bytes, level: int) -> list[tuple[Place, bytes]]:
        """Add a complete subtree of a level that stands on the right edge; return the nodes to be stored from it upwards."""
        place = Place(level, self.size >> level)
        stored = [(place, node)] if place.is_stored else []
        for above in range(level + 1, level + 1 + (place.index & ~(place.index + 1)).bit_length()):
            node = node_hash(self.peaks.pop(), node)
            if above % STORED_EVERY == 0:
                stored.append((Place(above, self.size >> above), node))
        self.peaks.append(node)
        self.size += 1 << level
        return stored

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Join the hashes of adjoining complete subtrees, largest first, to the hash over all their leaves."""
    if not peaks:
        return EMPTY_ROOT
    joined = peaks[-1]
    for peak in reversed(peaks[:-1]):
        joined = node_hash(peak, joined)
    return joined


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, level by level: twice as fast as growing the tree when no inner node is wanted."""
    level = list(leaves)
    while len(level) > 1:
        above = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:  # a last one without a partner moves up as it is
            above.append(level[-1])
        level = above
    return level[0] if level else EMPTY_ROOT


def inclusion_places(index: int, size: int) -> list[list[Place]]:
    """Say which complete subtrees prove that leaf ``index`` (from 0) is in a tree of ``size`` leaves.

    Returns:
        One list for each hash of the path, from the leaf up; a list of several is to be folded.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(index)
    path: list[list[Place]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            path.append(cover(middle, end))
            end = middle
        else:
            path.append(cover(start, middle))
            start = middle
    return path[::-1]


def cover(start: int, end: int) -> list[Place]:
    """Cut leaves ``start`` to ``end`` (a subtree of the tree, its left end aligned) into complete subtrees."""
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append(Place(level, start >> level))
        start += 1 << level
    return places


def inclusion_path(index: int, size: int, hash_at: Callable[[Place], bytes]) -> list[bytes]:
    """Return the inclusion proof of leaf ``index`` in the tree of ``size`` leaves (RFC 9162, sec. 2.1.3.1)."""
    return [fold([hash_at(place) for place in places]) for places in inclusion_places(index, size)]


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Compute the root that an inclusion proof leads to (RFC 9162, sec. 2.1.3.2); none if its length is wrong."""
    if not 0 <= index < size:
        return None
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


class Tree:
    """A whole tree in memory, for the subjects of one bulk act."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._frontier = Frontier()
        self._hashes: dict[Place, bytes] = {}
        for index, leaf in enumerate(leaves):
            self._hashes[Place(0, index)] = leaf
            self._hashes.update(self._frontier.append(leaf))

    def root(self) -> bytes:
        """Return the root."""
        return self._frontier.root()

    def path(self, index: int) -> list[bytes]:
        """Return the inclusion proof of leaf ``index``."""
        return inclusion_path(index, self._frontier.size, self._hashes.__getitem__)
