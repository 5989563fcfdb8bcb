"""The invented country at the exchange: its packs load, each consumer gets what its agreement releases, the person sees who looked."""

import uuid

import polars as pl
import pytest

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.demo.public import invented_services
from dean06.demo.registers import people
from dean06.demo.synth.synthesise import synthesise
from dean06.exchange import providing, snapshot
from dean06.exchange.errors import AgreementMissing, PurposeNotCovered
from dean06.exchange.public import agreements, call, load_agreements, load_members
from dean06.ledger.public import looks_at
from dean06.site import wiring
from exchange_packs import DEMO_PACKS

pytestmark = pytest.mark.django_db(transaction=True)
BANK = "VN/COM/DEMOBANK/CUSTOMERS"
HOSPITAL = "VN/COM/DEMOHOSPITAL/RECEPTION"
CARDS = "VN/GOV/G24/HEALTHCARDS/health-cards"
PHONES = "VN/COM/DEMOTEL/SUBSCRIBERS/subscriptions"
SERVICES = (wiring.POPULATION, *(one.service for one in invented_services()))


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    directory = tmp_path_factory.mktemp("population")
    synthesise(directory, people=600, province="22", seed=7)
    return directory


@pytest.fixture(autouse=True)
def _country(population, monkeypatch):
    monkeypatch.setattr(people, "_directory", lambda: population)
    snapshot.forget()
    load_members(DEMO_PACKS)
    load_agreements(DEMO_PACKS)
    yield
    snapshot.forget()


@pytest.fixture
def person(population):
    persons = pl.read_parquet(population / "persons.parquet")
    return persons.filter(pl.col("number").is_not_null() & (pl.col("status") == "alive")).row(5, named=True)


def asked(client, service, path, purpose, **body):
    return call(
        client=client, service=service, method="POST", path=path, body=body, purpose=purpose, actor=Actor(account="someone"), issue="BN-1"
    )


def test_a_hospital_checks_a_health_card_and_the_patient_sees_the_look(person):
    answer = asked(HOSPITAL, CARDS, "/v1/health-cards/look-up", "treatment", personal_id=person["number"])

    assert answer.status == 200
    assert set(answer.document) == {"personal_id", "full_name", "card"}
    look = looks_at(PersonKey(uuid.UUID(person["person_key"])), kinds=["exchange.answered"]).rows[0]
    assert (look.who, look.purpose, look.legal_basis) == ("Bệnh viện trình diễn", "treatment", "91/2025/QH15, Điều 9")


def test_a_bank_learns_yes_or_no_about_a_telephone_and_nothing_else(person):
    body = {"phone_number": "0100000000", "personal_id": person["number"]}

    assert asked(BANK, PHONES, "/v1/subscriptions/verify", "kyc", **body).document.keys() == {"is_registered_to_person"}
    with pytest.raises(AgreementMissing):
        asked(BANK, PHONES, "/v1/subscriptions/look-up", "kyc", personal_id=person["number"])
    with pytest.raises(PurposeNotCovered):
        asked(BANK, PHONES, "/v1/subscriptions/verify", "marketing", **body)


def test_every_service_of_the_country_has_a_consumer_and_the_sandbox():
    in_force = agreements()
    of_the_gateway = ("/events", "/findUsage")  # what the exchange itself offers for a register
    served = {str(one.service) for one in in_force if "SANDBOX" not in str(one.client) and not str(one.service).endswith(of_the_gateway)}

    assert {str(one.service) for one in in_force if "SANDBOX" in str(one.client)} == served
    assert len(served) == 9


def test_every_register_tells_by_whom_a_person_s_data_were_used(person, monkeypatch):
    key = PersonKey(uuid.UUID(person["person_key"]))
    monkeypatch.setattr(wiring, "person_key_by_number", lambda _number: key)  # the population is in files here, not in the registry
    monkeypatch.setattr(providing, "_providers", {})
    wiring.connect()
    asked(HOSPITAL, CARDS, "/v1/health-cards/look-up", "treatment", personal_id=person["number"])
    registers = {str(one.service).rpartition("/")[0] for one in agreements() if str(one.service).endswith("/findUsage")}
    user = f"VN{person['number']}"

    def told(register, path):
        answer = call(
            client="VN/GOV/H49/PORTAL",
            service=f"{register}/findUsage",
            method="GET",
            path=path,
            body=None,
            purpose="own-record",
            user=user,
            actor=Actor(account="portal"),
        )
        assert answer.status == 200
        return answer.document

    assert registers == {service.rpartition("/")[0] for service in SERVICES}
    assert all(told(register, "/v2/heartbeat")["status"] == "OK" for register in registers)
    assert all(told(register, "/v2/usagePeriod")["periodStart"] for register in registers)
    used = {register: told(register, f"/v2/findUsage?userCode={user}")["usages"] for register in registers}
    assert used["VN/GOV/G24/HEALTHCARDS"][0]["receiverName"] == "Bệnh viện trình diễn"
    assert used["VN/GOV/G10/LAND"] == []
