"""A person's dossiers as her pages list them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from dean06.core.keys import PersonKey
from dean06.portal import neighbours
from dean06.services.public import DossierCard

STEPS: Final[Mapping[int, object]] = {1: _("Tiếp nhận"), 2: _("Thẩm định"), 3: _("Phê duyệt"), 4: _("Ký số"), 5: _("Trả kết quả")}
FINISHED: Final = frozenset({9, 10})
REFUSED: Final = frozenset({3, 7, 8})
"""National dossier states (services, domain.md E.3) by how they look: done or returned; not received, withdrawn, stopped."""


@dataclass(frozen=True, slots=True)
class DossierLine:
    """A dossier with the words and the look of where it stands; ``step`` is empty once nothing is left to do."""

    card: DossierCard
    step: str
    kind: str


def dossier_lines(person: PersonKey) -> list[DossierLine]:
    """Return the person's dossiers, newest first."""
    return [DossierLine(card, _step(card), _kind(card)) for card in neighbours.dossiers_of(person)]


def _kind(card: DossierCard) -> str:
    if card.is_paused:
        return "warn"
    if card.state_code in FINISHED:
        return "ok"
    return "stop" if card.state_code in REFUSED else "run"


def _step(card: DossierCard) -> str:
    return "" if card.state_code in FINISHED | REFUSED else str(STEPS.get(card.step, ""))
