"""What the registry knows about the applicant and her relatives, asked through the exchange and kept with its evidence.

Each question is one call with purpose = procedure and issue = draft or dossier, so that each person finds it in her log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.errors import Dean06Error, Unavailable
from dean06.exchange import public as exchange
from dean06.services.domain.pack import Pack
from dean06.services.errors import HouseholdMissing, PersonDead, RegistryUnavailable, UnknownPerson

CLIENT: Final = "VN/GOV/H49/SERVICES"
POPULATION: Final = "VN/GOV/G01/POPULATION/population"
PERSON: Final = "/v1/persons/look-up"
HOUSEHOLD: Final = "/v1/households/look-up"
RELATION: Final = "/v1/relationships/check"

REFUSALS: Final[Mapping[str, type[Dean06Error]]] = {
    "registry.person_not_found": UnknownPerson,
    "registry.malformed_personal_id": UnknownPerson,
    "registry.person_deceased": PersonDead,
    "registry.household_not_found": HouseholdMissing,
}


@dataclass(frozen=True, slots=True)
class Known:
    """One answer of a register and the evidence that it was given."""

    document: Mapping[str, Any]
    trace: Mapping[str, str]


def ask(path: str, body: Mapping[str, Any], *, pack: Pack, issue: str, actor: Actor) -> Known:
    """Ask the population registry one question.

    Raises:
        UnknownPerson, PersonDead, HouseholdMissing: what the registry says of the person.
        RegistryUnavailable: it cannot be reached or failed; a later try may help.
        Denied: the agreement does not cover the question.
    """
    try:
        answer = exchange.call(
            client=CLIENT,
            service=POPULATION,
            method="POST",
            path=path,
            body=body,
            purpose=pack.code,
            legal_basis=pack.asks_under,
            issue=issue,
            user=actor.account,
            actor=actor,
        )
    except Unavailable as exc:
        raise RegistryUnavailable(cause=exc.code) from exc
    if answer.status >= 400:  # noqa: PLR2004 -- first status of a refusal, RFC 9110
        code = str(answer.document.get("code", ""))
        raise REFUSALS.get(code, RegistryUnavailable)(cause=code)
    trace = {"path": path, "at": now().isoformat(), "transaction": answer.transaction_id, "evidence": str(answer.evidence_id or "")}
    return Known(answer.document, trace)


def relation_to_head(relation: str, *, sex: str) -> str:
    """Return the applicant's place in the household, from what the householder is to her.

    Codes are those of the list ``relationships``; what the registry calls ``none`` is ``other``.
    """
    if relation == "child":
        return "father" if sex == "male" else "mother"
    return {"parent": "child", "spouse": "spouse", "sibling": "sibling"}.get(relation, "other")
