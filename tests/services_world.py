"""A small world for the tests of services: a mover, her mother who heads a household elsewhere, three officers, their keys."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from dean06.core import messages
from dean06.core.actor import SYSTEM, Actor
from dean06.core.clock import now
from dean06.core.databases import all_databases, database_of
from dean06.core.keys import PersonKey
from dean06.core.models import OutboxMessage
from dean06.exchange.public import load_agreements, load_members
from dean06.organisation.public import COUNTRY, appoint, establish_post, establish_unit
from dean06.services import actions
from dean06.services.models import Consent, Dossier
from dean06.services.pinning import pinned
from dean06.services.residence import compose
from dean06.signing import public as signing
from exchange_packs import DEMO_PACKS
from registry_people import COMMUNE, OTHER_COMMUNE, a_household, a_person, key_of, number_of, related

AGENCY_NAME = "Công an phường Thí Dụ"
ALL_CHECKS = ("lawful_place", "not_forbidden", "relation", "consents")
NAMES = {"one_stop_officer": "Trần Văn Tiếp", "appraiser": "Phạm Thị Thẩm", "head": "Hoàng Văn Ký"}

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
        posts=(f"{unit}/{role}",),
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
    officers = {role: an_officer(PersonKey(UUID(int=place)), role) for place, role in enumerate(ROLES, start=1)}
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


def stand(world: World) -> World:
    """Set up what the actors need, for real: agency, posts, keys, members and agreements of the exchange."""
    signing.ensure_trust()
    load_members(DEMO_PACKS)
    load_agreements(DEMO_PACKS)
    establish_unit(code="G01", name="Bộ Công an", kind="ministry", area_code=COUNTRY, actor=SYSTEM)
    establish_unit(code=AGENCY, name=AGENCY_NAME, kind="commune_police", area_code=OTHER_COMMUNE, parent_code="G01", actor=SYSTEM)
    for role, actor in (("one_stop_officer", world.desk), ("appraiser", world.appraiser), ("head", world.head)):
        post = establish_post(
            unit_code=AGENCY, title=TITLES[role], roles=(role,), area=(OTHER_COMMUNE,), actor=SYSTEM, key=f"{AGENCY}/{role}"
        )
        appoint(post=post.key, person=actor.person, since=date(2026, 1, 1), actor=SYSTEM)
        signing.ensure_key(f"officer.{actor.person}", common_name=NAMES[role], organisation=AGENCY_NAME, usage="officer")
    signing.ensure_key(f"seal.{AGENCY}", common_name=AGENCY_NAME, organisation=AGENCY_NAME, usage="seal")
    return world


def number(person) -> str:
    return number_of(person)


def a_filled_draft(world: World):
    draft = actions.start_draft(procedure_code="1.004222", actor=world.citizen)
    draft = actions.choose_case(draft_id=draft.pk, case_id="family", relative="mother", actor=world.citizen)
    return actions.save_draft(draft_id=draft.pk, unit_code=OTHER_COMMUNE, address="Số 17, tổ 5", phone="0912345678", actor=world.citizen)


def form_of(draft):
    return compose(pinned(draft.pack), facts=draft.facts, typed=draft.answers)


def filed(world: World) -> Dossier:
    draft = a_filled_draft(world)
    return actions.submit(draft_id=draft.pk, form_hash=form_of(draft).hash, actor=world.citizen)


def consented(world: World) -> Dossier:
    dossier = filed(world)
    actions.give_consent(consent_id=Consent.objects.filter(dossier=dossier).first().pk, actor=world.householder)
    dossier.refresh_from_db()
    return dossier


def received(world: World) -> Dossier:
    dossier = consented(world)
    return actions.receive(code=dossier.code, version=dossier.version, actor=world.desk)


def appraised(world: World, **finding) -> Dossier:
    dossier = received(world)
    finding = {"text": "Đủ điều kiện", "checked": ALL_CHECKS} | finding
    return actions.appraise(code=dossier.code, version=dossier.version, actor=world.appraiser, **finding)


def signed(world: World) -> Dossier:
    dossier = appraised(world)
    dossier = actions.approve(code=dossier.code, version=dossier.version, actor=world.head)
    return actions.sign_result(code=dossier.code, version=dossier.version, actor=world.head)


def returned(world: World) -> Dossier:
    dossier = signed(world)
    deliver_all()
    dossier.refresh_from_db()
    dossier = actions.record_payment(code=dossier.code, version=dossier.version, actor=world.desk, number=f"BL/{dossier.code[-11:]}")
    return actions.return_result(code=dossier.code, version=dossier.version, actor=world.desk)


def deliver_all() -> None:
    """Do what the worker does until nothing is due."""
    while sum(messages.deliver(alias) for alias in all_databases()):
        pass


def registry_says(dossier: Dossier, topic: str, **more) -> None:
    """Put what the registry would say, without asking it."""
    with transaction.atomic(using=database_of("registry")):
        messages.put(topic, {"dossier": dossier.code, **more}, using=database_of("registry"))
    OutboxMessage.objects.using(database_of("services")).filter(topic="services.residence_decided").update(delivered_at=now())
    deliver_all()
    dossier.refresh_from_db()
