"""The registry behind the gateway: parse, call, answer.

The gateway has authorised the call, masks the fields outside the agreement and keeps the evidence. The number stands in the
body, never in a path, query, header or log line.
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec

from dean06.core.clock import today
from dean06.core.errors import Dean06Error
from dean06.core.keys import PersonKey
from dean06.core.problems import problem, status_of
from dean06.exchange.public import ProviderRequest, ProviderResponse
from dean06.registry import queries
from dean06.registry.documents import Disclosure, describe_found, describe_household, describe_person, shown_birth
from dean06.registry.domain.names import LONGEST_NAME, same_name
from dean06.registry.domain.personal_id import OldNumber, PersonalId
from dean06.registry.errors import MalformedRequest, NoSuchService, RequestTooLarge
from dean06.registry.models import Person
from dean06.registry.search import LARGEST_RESULT, search_people

LARGEST_BODY_BYTES: Final = 4096

Number = Annotated[str, msgspec.Meta(max_length=20)]
Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
Asked = TypeVar("Asked", bound=msgspec.Struct)


class LookUp(msgspec.Struct, forbid_unknown_fields=True, repr_omit_defaults=True):
    """Ask for one person by exactly one of her identifiers; ``person_key`` is for callers inside this installation."""

    personal_id: Number | None = None
    old_number: Number | None = None
    person_key: UUID | None = None


class Search(msgspec.Struct, forbid_unknown_fields=True):
    """Ask for people by name in any order and without marks, and optionally year of birth and commune."""

    name: Name
    birth_year: Annotated[int, msgspec.Meta(ge=1850, le=2200)] | None = None
    unit_code: Annotated[str, msgspec.Meta(pattern="^[0-9]{5}$")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_RESULT)] = 20


class Verify(msgspec.Struct, forbid_unknown_fields=True):
    """Ask whether what the caller holds agrees with the registry; each field given is answered yes or no."""

    personal_id: Number
    full_name: Name | None = None
    born_on: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){0,2}$")] | None = None
    sex: Annotated[str, msgspec.Meta(pattern="^(male|female)$")] | None = None


class Relation(msgspec.Struct, forbid_unknown_fields=True):
    """Ask what the other person is to the first."""

    personal_id: Number | None = None
    other_personal_id: Number | None = None
    person_key: UUID | None = None
    other_person_key: UUID | None = None


def provider_handler(request: ProviderRequest) -> ProviderResponse:
    """Answer one authorised call; refusals come back as problem documents (RFC 9457)."""
    try:
        answer = _answer_of(request)
    except Dean06Error as refusal:
        return ProviderResponse(int(status_of(refusal)), problem(refusal))
    return ProviderResponse(200, answer.document, answer.subjects, about_nobody=not answer.subjects)


def _answer_of(request: ProviderRequest) -> Disclosure:
    service = SERVICES.get(request.path)
    if service is None or request.method != "POST":
        raise NoSuchService
    if len(request.body) > LARGEST_BODY_BYTES:
        raise RequestTooLarge
    if request.query:
        raise MalformedRequest
    return service(request)


def _look_up(request: ProviderRequest) -> Disclosure:
    asked = _decoded(request, LookUp)
    return describe_person(_person(request, asked.personal_id, asked.person_key, asked.old_number), fields=request.fields)


def _search(request: ProviderRequest) -> Disclosure:
    asked = _decoded(request, Search)
    found = search_people(asked.name, birth_year=asked.birth_year, unit_code=asked.unit_code or "", limit=asked.limit)
    return describe_found(found.people, is_complete=found.is_complete)


def _verify(request: ProviderRequest) -> Disclosure:
    asked = _decoded(request, Verify)
    person = _person(request, asked.personal_id, None)
    agreed: dict[str, bool] = {}
    if asked.full_name is not None:
        agreed["full_name"] = same_name(asked.full_name, person.full_name)
    if asked.born_on is not None:
        agreed["born_on"] = _same_birth(asked.born_on, person)
    if asked.sex is not None:
        agreed["sex"] = asked.sex == person.sex
    if not agreed:
        raise MalformedRequest
    return Disclosure({"agrees": all(agreed.values()), "fields": agreed}, (PersonKey(person.key),))


def _household(request: ProviderRequest) -> Disclosure:
    asked = _decoded(request, LookUp)
    person = _person(request, asked.personal_id, asked.person_key, asked.old_number)
    return describe_household(queries.household_of(person.key, on=today()), asked_for=person, fields=request.fields)


def _relationship(request: ProviderRequest) -> Disclosure:
    asked = _decoded(request, Relation)
    one = _person(request, asked.personal_id, asked.person_key)
    other = _person(request, asked.other_personal_id, asked.other_person_key)
    relation = queries.relation_between(one.key, other.key, on=today())
    return Disclosure({"relation": relation}, (PersonKey(one.key), PersonKey(other.key)))


SERVICES: Final[Mapping[str, Callable[[ProviderRequest], Disclosure]]] = MappingProxyType(
    {
        "/v1/persons/look-up": _look_up,
        "/v1/persons/search": _search,
        "/v1/persons/verify": _verify,
        "/v1/households/look-up": _household,
        "/v1/relationships/check": _relationship,
    }
)


def _decoded(request: ProviderRequest, kind: type[Asked]) -> Asked:
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:  # the text of either may quote the body: not passed on
        raise MalformedRequest from exc


def _person(request: ProviderRequest, number: str | None, key: UUID | None, old_number: str | None = None) -> Person:
    if sum(given is not None for given in (number, key, old_number)) != 1 or (key is not None and not request.inside):
        raise MalformedRequest
    if key is not None:
        return queries.person_by_key(PersonKey(key))
    return queries.person_by_number(PersonalId.parse(number) if number is not None else OldNumber.parse(old_number or ""))


def _same_birth(asked: str, person: Person) -> bool:
    """Compare as exactly as the less exact of the two is known; a date that does not exist agrees with nobody."""
    try:
        date.fromisoformat(asked + "-01" * (2 - asked.count("-")))
    except ValueError:
        return False
    ours = shown_birth(person)
    length = min(len(ours), len(asked))
    return ours[:length] == asked[:length]
