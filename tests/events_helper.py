"""Runs inside the installation of a live test: people, moves, a teller that can be killed, a worker with a short lease."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")

import django

django.setup()


def people(many):
    """Add people and print their numbers."""
    from dean06.reference.public import unit
    from registry_people import a_person, number_of

    unit("06652")
    for index in range(int(many)):
        print(number_of(a_person(number=f"000190{index:06d}")), flush=True)


def move(number):
    """Move a person, as a decided dossier would."""
    from datetime import date, timedelta

    from dean06.core.actor import SYSTEM
    from dean06.registry.actions import Decision, change_residence
    from dean06.registry.models import Residence
    from dean06.registry.public import person_key_by_number

    decision = Decision(dossier="H-1", legal_basis="68/2020/QH14", decided_by="Công an phường mẫu")
    person = person_key_by_number(number)
    since = date(2026, 2, 1) + timedelta(days=30 * Residence.objects.filter(person_id=person).count())
    change_residence(person=person, unit_code="06658", address="Số 2", since=since, decision=decision, actor=SYSTEM)


def tell(many):
    """Tell events until killed; an id is printed after its commit."""
    from django.db import transaction

    from dean06.exchange.public import tell_event
    from dean06.registry.models import PersonNumber

    keys = list(PersonNumber.objects.order_by("number").values_list("person_id", flat=True))
    for index in range(int(many)):
        with transaction.atomic():
            told = tell_event("vn.gov.dancu.residence.changed", subject=keys[index % len(keys)], data={"changed": []}, using="default")
        print(told, flush=True)


def worker():
    """Work with a lease of twelve seconds, so that a test need not wait a minute for a killed one's batch."""
    from dean06.cli.worker import run_worker
    from dean06.exchange.events import delivering

    delivering.LEASE_SECONDS = 12.0
    run_worker()


if __name__ == "__main__":
    {"people": people, "move": move, "tell": tell, "worker": worker}[sys.argv[1]](*sys.argv[2:])
