"""Form CT01 of procedure 1.004222: what is known, what was typed, and the whole that the citizen confirms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import jsonschema_rs

from dean06.core.keys import PersonKey
from dean06.services.domain.hashing import canonical, form_hash
from dean06.services.domain.pack import Case, Pack

RELATIVES: Final = ("spouse", "father", "mother")
"""Relatives that the applicant's own record names, in the order in which the form offers them."""
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Ct01:
    """The form as it would be filed now.

    Attributes:
        answers: the document that the schema describes; what is missing is absent.
        hash: what the citizen confirms.
        missing: names of fields that the schema requires and that are absent or wrong.
    """

    answers: Mapping[str, Any]
    hash: str
    missing: tuple[str, ...] = field(default=())


def relatives_of(person: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """List the relatives that a person's record names, with a number."""
    return [(kind, person[kind]) for kind in RELATIVES if (person.get(kind) or {}).get("personal_id")]


def compose(pack: Pack, *, facts: Mapping[str, Any], typed: Mapping[str, Any]) -> Ct01:
    """Put known and typed together and check the whole against the form's schema."""
    person = facts.get("person") or {}
    case = next((one for one in pack.cases if one.id == typed.get("case")), None)
    answers: dict[str, Any] = {
        "addressed_to": facts.get("agency_name"),
        "full_name": person.get("full_name"),
        "born_on": person.get("born_on"),
        "sex": person.get("sex"),
        "personal_id": person.get("personal_id"),
        "present_place": _place(person.get("permanent_residence")),
        "case": typed.get("case"),
        "new_place": typed.get("new_place"),
        "owner": typed.get("owner"),
        "owner_personal_id": typed.get("owner_personal_id", ""),
        "phone": typed.get("phone", ""),
        "email": typed.get("email", ""),
        "note": typed.get("note", ""),
        "request": _request(typed.get("new_place")),
        "members": [],
        **_householder(case, facts, person),
    }
    answers = {name: value for name, value in answers.items() if value is not None}
    wrong = {_field(error) for error in _validator(canonical(pack.form_schema)).iter_errors(answers)}
    return Ct01(answers, form_hash(pack.code, pack.digest, answers), tuple(sorted(wrong)))


def householder_of(facts: Mapping[str, Any]) -> PersonKey | None:
    """Return the key of the householder that was found, if the case joins a household."""
    key = facts.get("householder_key")
    return PersonKey(UUID(key)) if key else None


def _householder(case: Case | None, facts: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    if case is None:
        return {}
    if not case.joins_household:  # she heads a new household
        return {
            "householder_name": person.get("full_name"),
            "householder_personal_id": person.get("personal_id"),
            "relation_to_householder": "head",
        }
    head = (facts.get("household") or {}).get("head") or {}
    return {
        "relative": facts.get("relative"),
        "householder_name": head.get("full_name"),
        "householder_personal_id": head.get("personal_id"),
        "relation_to_householder": facts.get("relation_to_head"),
    }


def _place(residence: Mapping[str, Any] | None) -> dict[str, Any]:
    if not residence:
        return {"unit_code": "", "unit_name": "", "address": "", "since": None}
    return {name: residence.get(name) for name in ("unit_code", "unit_name", "address", "since")}


def _request(place: Mapping[str, Any] | None) -> str | None:
    return f"Đăng ký thường trú tại {place['address']}, {place['unit_name']}" if place else None


def _field(error: Any) -> str:
    path = list(error.instance_path)
    if path:
        return str(path[0])
    kind = error.kind
    return str(getattr(kind, "property", "") or "")


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Any:
    return jsonschema_rs.validator_for(json.loads(schema))
