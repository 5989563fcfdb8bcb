"""A small world for the tests of services: a mover, her mother who heads a household elsewhere, three officers, their keys."""

from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from uuid import UUID

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from registry_people import COMMUNE, OTHER_COMMUNE, a_household, a_person, key_of, number_of, related

AGENCY = f"G01.H49.{OTHER_COMMUNE}"
LEVEL_2 = "urn:dean06:loa:2.2"
ROLES = ("one_stop_officer", "appraiser", "head")
TITLES = {"one_stop_officer": "Cán bộ tiếp nhận", "appraiser": "Cán bộ đăng ký cư trú", "head": "Trưởng Công an phường"}


def a_citizen(person, *, assurance=LEVEL_2):
    return Actor(
        account=f"account-{person.pk}", person=key_of(person), roles=frozenset({"citizen"}), assurance=assurance, session="phien-thu"
    )


def an_officer(person_key: PersonKey, role: str, *, unit=AGENCY, area=(OTHER_COMMUNE,)):
    return Actor(
        account=f"officer-{role}",
        person=person_key,
        unit_code=unit,
        posts=(f"post-{role}",),
        roles=frozenset({"citizen", role}),
        area=area,
        assurance=LEVEL_2,
        session="phien-can-bo",
    )


@dataclass(frozen=True)
class World:
    """The people of a test and the actors that they are."""

    mover: object
    mother: object
    citizen: Actor
    householder: Actor
    desk: Actor
    appraiser: Actor
    head: Actor
    stranger: Actor


def make_world() -> World:
    mover = a_person("Vũ Thị Thí Dụ", sex="female", born_on=date(1995, 3, 14), home=COMMUNE)
    mother = a_person("Đỗ Thị Mẫu", sex="female", born_on=date(1968, 1, 2), home=OTHER_COMMUNE)
    stranger = a_person("Lê Văn Lạ", home=COMMUNE)
    a_household(mover, unit_code=COMMUNE)
    a_household(mother, unit_code=OTHER_COMMUNE)
    related(mover, "mother", mother, since=date(1995, 3, 14))
    officers = {role: an_officer(PersonKey(UUID(int=number)), role) for number, role in enumerate(ROLES, start=1)}
    return World(
        mover=mover,
        mother=mother,
        citizen=a_citizen(mover),
        householder=a_citizen(mother),
        desk=officers["one_stop_officer"],
        appraiser=officers["appraiser"],
        head=officers["head"],
        stranger=a_citizen(stranger),
    )


def registry_in_process(**asked):
    """Stand in for the exchange: hand the question to the registry's own handler, without agreement or evidence."""
    import msgspec

    from dean06.exchange.public import Answer, ProviderRequest
    from dean06.registry.public import provider_handler

    request = ProviderRequest(
        method=asked["method"],
        path=asked["path"],
        body=msgspec.json.encode(asked["body"]),
        purpose=asked["purpose"],
        legal_basis="",
        issue=asked["issue"],
        user=asked["user"],
        client=asked["client"],
        fields=("*",),
        inside=True,
    )
    response = provider_handler(request)
    return Answer(response.status, response.document, "giao-dich-thu")


def posts_of(world: World):
    """Return what `organisation` would say of the officers' posts."""
    posts = {}
    for role, actor in (("one_stop_officer", world.desk), ("appraiser", world.appraiser), ("head", world.head)):
        posts[actor.person] = (
            SimpleNamespace(
                post_key=f"post-{role}",
                unit_code=AGENCY,
                unit_name="Công an phường Thí Dụ",
                title=TITLES[role],
                roles=frozenset({role}),
                area=(OTHER_COMMUNE,),
                standing_in_for=None,
            ),
        )
    return posts


def number(person) -> str:
    return number_of(person)
