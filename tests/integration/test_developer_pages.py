"""The developers' pages: catalogue, one service, console, and the checker that names the part that does not agree."""

import json

import pytest

from dean06.exchange import snapshot
from dean06.exchange.calling import _served
from dean06.exchange.consuming import prepare
from dean06.exchange.developer import pages, sandbox
from dean06.exchange.domain.digests import head_bytes, request_hash
from dean06.exchange.domain.r1 import compose, parse_request
from dean06.exchange.providing import _providers
from dean06.exchange.public import ProviderResponse, load_agreements, load_members, register_provider
from exchange_packs import DEMO_PACKS

pytestmark = pytest.mark.django_db(transaction=True)
TAX = "VN/GOV/G12/TAX/tax-codes"
PERSON = ("000190000017", "Trần Thị Thí Dụ")


@pytest.fixture(autouse=True)
def _country():
    known = list(sandbox._registered)
    snapshot.forget()
    load_members(DEMO_PACKS)
    load_agreements(DEMO_PACKS)
    sandbox.register_sandbox(client="VN/COM/DEMODEV/SANDBOX", purpose="sandbox", people=lambda: (PERSON,))
    yield
    sandbox._registered[:] = known
    snapshot.forget()


def test_the_catalogue_lists_services_by_owner_and_finds_words_without_marks(client):
    whole = client.get("/developer").content.decode()
    found = client.get("/developer", {"q": "ma so thue"}).content.decode()

    assert "Bảo hiểm xã hội Việt Nam" in whole
    assert "Tra cứu mã số thuế cá nhân" in found
    assert "Bảo hiểm xã hội Việt Nam" not in found
    assert "Không có dịch vụ nào khớp" in client.get("/developer", {"q": "qwerty"}).content.decode()


def test_a_service_shows_fields_agreements_snippets_and_history(client):
    page = client.get(f"/developer/services/{TAX}").content.decode()

    for text in (
        "former_tax_code",
        "^[0-9]{12}$",
        "TT",
        "insurance-reconciliation",
        "278/2025/NĐ-CP",
        "curl -sS",
        "java.net.http",
        "không có thay đổi phá vỡ tương thích",
    ):
        assert text in page
    assert PERSON[0] in page  # the snippet asks about somebody invented
    assert client.get("/developer/services/VN/GOV/G12/TAX/nothing").status_code == 404
    assert client.get("/developer/services/nonsense").status_code == 404


def test_every_service_has_a_page(client):
    for service in snapshot.current().services:
        assert client.get(f"/developer/services/{service}").status_code == 200


def test_the_console_sends_what_the_form_says_and_shows_all_that_comes_back(client, monkeypatch):
    asked = []

    def answered(call):
        asked.append(call)
        return sandbox.Tried("200 OK", (("x-road-request-hash", "HASH"), ("x-own", "1")), '{\n  "a": 1\n}', "HASH", "")

    monkeypatch.setattr(pages, "ask", answered)
    page = client.post(f"/developer/try/{TAX}?operation=lookUpTaxCode", {"body": json.dumps({"personal_id": PERSON[0]})}).content.decode()

    assert asked[0].address.endswith(f"/r1/{TAX}/v1/tax-codes/look-up")
    assert asked[0].headers["X-Road-Client"] == "VN/COM/DEMODEV/SANDBOX"
    for text in ("HASH", "x-own: 1", "X-Exchange-Purpose: sandbox", "200 OK"):
        assert text in page


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"personal_id": "022064477313"}', "Chỉ thử được với những người bịa ra"),
        ('{"personal_id": "022 064 477 313"}', "Chỉ thử được với những người bịa ra"),
        ('{"old_number": "100000001"}', "Chỉ thử được với những người bịa ra"),
        ("[1]", "đối tượng JSON"),
        ("{", "đối tượng JSON"),
        ('{"a": "' + "x" * 5000 + '"}', ""),
    ],
    ids=["another", "spaced", "old", "list", "broken", "long"],
)
def test_the_console_asks_about_nobody_else_and_nothing_malformed(client, monkeypatch, body, words):
    monkeypatch.setattr(pages, "ask", lambda _call: pytest.fail("was sent"))

    page = client.post(f"/developer/try/{TAX}", {"body": body}).content.decode()
    assert words in page
    assert "error" in page


def test_without_invented_people_there_is_no_console(client):
    sandbox.register_sandbox(client="VN/COM/DEMODEV/SANDBOX", purpose="sandbox", people=tuple)

    assert client.get(f"/developer/try/{TAX}").status_code == 404
    assert "Thử ngay" not in client.get(f"/developer/services/{TAX}").content.decode()


# -- checker of signatures


def head_of(first, headers):
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in headers)])


@pytest.fixture
def exchanged():
    """A signed request between gateways with its answer, as a developer would paste them."""
    kept = _providers[TAX]
    register_provider(
        TAX, handler=lambda _request: ProviderResponse(200, {"personal_id": PERSON[0]}, (pages_subject(),)), openapi=kept.openapi
    )
    body = json.dumps({"personal_id": PERSON[0]})
    message = compose(
        client="VN/COM/DEMODEV/SANDBOX", service=TAX, method="POST", path="/v1/tax-codes/look-up", body=body.encode(), purpose="sandbox"
    )
    state = snapshot.current()
    outgoing = prepare(message, state=state)
    _admitted, sealed = _served(outgoing, state=state)
    yield {
        "request_head": head_of(f"POST {outgoing.target} HTTP/1.1", outgoing.headers),
        "request_body": body,
        "answer_head": head_of(f"HTTP/1.1 {sealed.status} OK", sealed.headers),
        "answer_body": sealed.body.decode(),
    }
    _providers[TAX] = kept


def pages_subject():
    from dean06.core.keys import PersonKey, new_key

    return PersonKey(new_key())


def verdicts(client, given):
    answer = client.post("/developer/signatures", given)
    assert answer.status_code == 200
    checked = answer.context["checked"]
    assert checked is not None, answer.context["form"].errors
    return {part.name: part.verdict for part in checked.parts}


def wrong(client, given):
    return sorted(name for name, verdict in verdicts(client, given).items() if verdict != "agrees")


def test_an_untouched_exchange_agrees_in_every_part(client, exchanged):
    assert wrong(client, exchanged) == []
    assert "Mọi phần đều khớp" in client.post("/developer/signatures", exchanged).content.decode()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("request_body", "personal_id", "personal_Id"), {"content-digest", "x-road-request-hash (answer)"}),
        (
            ("request_head", "x-exchange-purpose: sandbox", "x-exchange-purpose: other"),
            {"x-exchange-head", "signature", "x-road-request-hash (answer)"},
        ),
        (("request_head", "tax-codes/look-up", "tax-codes/other"), {"x-exchange-head", "signature", "x-road-request-hash (answer)"}),
        (("request_head", ' "x-road-id"', ""), {'"x-road-id"', "signature", "signature (answer)"}),
        (("request_head", 'keyid="', 'keyid="x'), {"signature", "signature (answer)"}),
        (("answer_body", "{", "{ "), {"content-digest (answer)"}),
        (("answer_head", " 200 OK", " 201 Created"), {"signature (answer)"}),
        (("answer_head", "application/json", "text/plain"), {"signature (answer)"}),
    ],
    ids=["body", "purpose", "path", "uncovered", "key", "answer_body", "status", "type"],
)
def test_a_changed_part_is_named(client, exchanged, change, named):
    where, old, new = change
    assert old in exchanged[where]
    changed = {**exchanged, where: exchanged[where].replace(old, new, 1)}

    assert set(wrong(client, changed)) == named


def test_one_s_own_signature_base_is_compared_line_by_line(client, exchanged):
    base = client.post("/developer/signatures", exchanged).context["checked"].bases["request"]

    assert wrong(client, {**exchanged, "own_base": base}) == []
    assert wrong(client, {**exchanged, "own_base": base.replace('"@query": ?', '"@query": ')}) == ['base "@query"']


def test_the_hash_of_an_information_system_s_request_is_recomputed(client):
    headers = [("content-type", "application/json"), ("x-road-client", "VN/COM/DEMODEV/SANDBOX"), ("x-exchange-purpose", "sandbox")]
    sent = [*headers, ("accept", "application/json"), ("x-road-id", "VN-1")]
    message = parse_request(method="POST", raw_path=f"/r1/{TAX}/v1/x", query="", headers=sent, body=b"{}")
    head = head_bytes("POST", f"/r1/{TAX}/v1/x", (*message.headers, ("x-road-request-id", "r-1")))
    answer = [
        ("x-road-client", "VN/COM/DEMODEV/SANDBOX"),
        ("x-road-service", TAX),
        ("x-road-id", "VN-1"),
        ("x-road-request-id", "r-1"),
        ("x-road-request-hash", request_hash(head, b"{}")),
    ]
    given = {
        "request_head": head_of(f"POST /r1/{TAX}/v1/x HTTP/1.1", headers),
        "request_body": "{}",
        "answer_head": head_of("HTTP/1.1 200 OK", answer),
        "answer_body": "{}",
    }

    assert wrong(client, given) == []
    assert wrong(client, {**given, "request_body": "{ }"}) == ["x-road-request-hash"]


@pytest.mark.parametrize(
    "head",
    ["nonsense", "POST /x1/VN HTTP/1.1\nno colon", "POST /elsewhere HTTP/1.1\nx-road-client: VN/COM/DEMODEV/SANDBOX"],
    ids=["words", "no_colon", "elsewhere"],
)
def test_what_cannot_be_read_is_told_at_the_field(client, head):
    answer = client.post("/developer/signatures", {"request_head": head})

    assert answer.status_code == 200
    assert answer.context["form"].errors
