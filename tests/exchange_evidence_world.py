"""The demonstration's members and agreements, a population of one invented person, and calls that leave evidence."""

from uuid import UUID

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.exchange.public import ProviderResponse, call, load_agreements, load_members, register_provider
from dean06.ledger.public import sequence
from exchange_packs import BANK, DEMO_PACKS, POPULATION

NUMBER = "000190000017"
SUBJECT = PersonKey(UUID("00000000-0000-7000-8000-00000000abcd"))
TELLER = Actor(account="teller-1", unit_code="DEMOBANK")


def populate():
    """Load the packs and put a handler with one person behind the population service."""
    load_members(DEMO_PACKS)
    load_agreements(DEMO_PACKS)
    document = {"personal_id": NUMBER, "full_name": "Nguyễn Thị Mẫu", "born_on": "1990-05-02", "sex": "female", "status": "alive"}
    register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, document, (SUBJECT,)), openapi={})


def look_up(*, client=BANK, purpose="kyc", path="/v1/persons/look-up", numbered=True, legal_basis=""):
    """Ask for the person once; return the answer."""
    answer = call(
        client=client,
        service=POPULATION,
        method="POST",
        path=path,
        body={"personal_id": NUMBER},
        purpose=purpose,
        legal_basis=legal_basis,
        actor=TELLER,
    )
    if numbered:
        sequence("default")
    return answer
