"""Who may do what: the citizen in her own session, the officer with the step's role in her agency's area."""

from dataclasses import dataclass
from typing import Final

from cryptography.x509.oid import NameOID

from dean06.core.actor import Actor
from dean06.core.clock import today
from dean06.core.keys import PersonKey
from dean06.organisation import public as organisation
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import Step
from dean06.services.errors import DossierNotFound, LevelTooLow, LogInFirst, NotYourStep, OutsideArea, OwnDossier
from dean06.services.models import STEP_ROLES, Dossier
from dean06.signing import public as signing

LOWEST_LEVEL: Final = 2  # level of the account that files dossiers; domain.md C.1, marked [M]: configurable by the deployment's acr


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer about to take a step.

    Attributes:
        person: who.
        name: as her certificate shows it.
        post: key of the post in which she acts.
        title: of that post.
        unit_name: of her agency.
    """

    person: PersonKey
    name: str
    post: str
    title: str
    unit_name: str

    @property
    def signer_name(self) -> str:
        """Name of her key in the key store."""
        return f"officer.{self.person}"


def citizen(actor: Actor) -> PersonKey:
    """Return the person who is logged in.

    Raises:
        LogInFirst: nobody is.
    """
    if actor.person is None:
        raise LogInFirst
    return actor.person


def filing_citizen(actor: Actor) -> PersonKey:
    """Return the person who is logged in with an account that may file.

    Raises:
        LogInFirst: nobody is.
        LevelTooLow: her account is of level 1.
    """
    person = citizen(actor)
    if account_level(actor) < LOWEST_LEVEL:
        raise LevelTooLow
    return person


def account_level(actor: Actor) -> int:
    """Read the account's level from ``urn:dean06:loa:<account>.<authentication>``; 0 if there is none."""
    level = actor.assurance.rpartition(":")[2].partition(".")[0]
    return int(level) if level.isascii() and level.isdigit() else 0


def dossier_in_charge(code: str, actor: Actor) -> Dossier:
    """Return a dossier that the actor may work on.

    Raises:
        LogInFirst: nobody is logged in.
        NotYourStep: she holds no post that handles dossiers.
        OutsideArea: it belongs to another agency or area.
        DossierNotFound: there is no such dossier.
    """
    citizen(actor)
    if not actor.roles & STEP_ROLES:
        raise NotYourStep
    found = Dossier.objects.select_related("pack").filter(code=code).first()
    if found is None:
        raise DossierNotFound
    if not Dossier.objects.in_charge_of(actor).filter(pk=found.pk).exists():
        raise OutsideArea(dossier=code)
    return found


def own_dossier(code: str, actor: Actor) -> Dossier:
    """Return a dossier that the actor filed.

    Raises:
        DossierNotFound: there is none, or it is another person's.
    """
    found = Dossier.objects.select_related("pack").filter(code=code, applicant=citizen(actor)).first()
    if found is None:
        raise DossierNotFound
    return found


def officer_for(dossier: Dossier, actor: Actor, *, role: str) -> Officer:
    """Return the officer who is about to act on a dossier in a role.

    Raises:
        NotYourStep: none of her posts carries the role.
        OwnDossier: she is the applicant.
    """
    person = citizen(actor)
    if not actor.has_role(role):
        raise NotYourStep(role=role)
    if person == dossier.applicant:
        raise OwnDossier
    held = [post for post in organisation.posts_held_by(person, on=today()) if post.unit_code == dossier.agency_code and role in post.roles]
    if not held:
        raise NotYourStep(role=role)
    return Officer(person, certified_name(f"officer.{person}"), str(held[0].post_key), held[0].title, held[0].unit_name)


def role_of(pack: Pack, step: Step) -> str:
    """Return the role that takes a step."""
    return pack.step(step).role


def certified_name(key_name: str) -> str:
    """Return the name in a certificate, or nothing if the key has none."""
    certificate = signing.signer(key_name).certificate
    if certificate is None:
        return ""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
