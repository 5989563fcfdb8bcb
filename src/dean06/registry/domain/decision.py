"""What decides a change in the registry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """A decided dossier, as the registry must be able to show it later.

    Attributes:
        dossier: code of the dossier.
        legal_basis: by which law, as the decision names it.
        decided_by: readable name of the deciding unit ("Công an phường Hồng Gai").
    """

    dossier: str
    legal_basis: str
    decided_by: str
