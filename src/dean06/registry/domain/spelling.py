"""Near misses of single words: one letter too many, too few, wrong, or two neighbours swapped."""

from collections.abc import Iterable, Mapping
from typing import Final

MOST_NEAR_WORDS: Final = 12


def is_near(one: str, other: str) -> bool:
    """Say whether at most one edit leads from one word to the other (optimal string alignment distance ≤ 1)."""
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    begin = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    left, right = one[begin:], other[begin:]
    return (
        left[1:] == right[1:]  # one letter wrong
        or left[1:] == right  # one too many
        or left == right[1:]  # one too few
        or (left[:2] == right[1::-1] and left[2:] == right[2:] and len(left) > 1)  # two swapped
    )


def near_words(word: str, known: Mapping[str, int]) -> tuple[str, ...]:
    """Return the known words near to one, itself first, then the most frequent; ``known`` gives how many people carry each."""
    near: Iterable[str] = (other for other in known if is_near(word, other))
    return tuple(sorted(near, key=lambda other: (other != word, -known[other], other))[:MOST_NEAR_WORDS])
