"""People, posts and services for tests of the agreement procedure."""

from contextlib import contextmanager
from datetime import UTC, date, datetime
from types import SimpleNamespace

import time_machine

from dean06.core.actor import SYSTEM, Actor
from dean06.core.keys import PersonKey, new_key
from dean06.organisation.public import appoint, establish_post, establish_unit
from exchange_packs import BANK as CLIENT
from exchange_packs import POPULATION, members

MEMBERS = members(
    "{code: population, title: Dân cư, location: inside}",
    more="""groups:
  - {code: BANKS, name: Các ngân hàng, clients: [VN/COM/DEMOBANK/CUSTOMERS]}
""",
)
POSTS = {
    "requester": ("DEMOBANK", "Phụ trách khai thác dữ liệu", ("exchange_requester",)),
    "second_requester": ("DEMOBANK", "Chuyên viên dữ liệu", ("exchange_requester",)),
    "approver": ("G01", "Phụ trách chia sẻ dữ liệu", ("exchange_approver",)),
    "operator": ("VANHANH", "Vận hành nền tảng", ("operator",)),
    "second_operator": ("VANHANH", "Trưởng ca vận hành", ("operator",)),
    "stranger": ("H49", "Phụ trách khai thác dữ liệu", ("exchange_requester",)),
    "clerk": ("DEMOBANK", "Giao dịch viên", ("bank_teller",)),
}
CONTENT = {
    "title": "Xác thực thông tin khách hàng vay",
    "client": CLIENT,
    "service": POPULATION,
    "endpoints": [{"method": "POST", "path": "/v1/persons/verify"}],
    "fields": ["agrees", "fields"],
    "purposes": ["loan"],
    "legal_bases": [{"document": "91/2025/QH15", "article": "Điều 9", "certainty": "F"}],
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
    "rate_per_second": 5,
    "daily_quota": 1000,
}
PACK = """
kind: agreements
agreements:
  - code: P-1
    title: Từ gói
    client: VN/COM/DEMOBANK/CUSTOMERS
    service: VN/GOV/G01/POPULATION/population
    endpoints: [{method: POST, path: /v1/persons/verify}]
    fields: [agrees]
    purposes: [pack]
    legal_bases: [{document: 91/2025/QH15, certainty: F}]
    valid_from: 2026-01-01
    valid_until: 2026-12-31
"""
"""An agreement that nobody asked for in a page: a pack brings it, in force at once."""
START = datetime(2026, 6, 1, 3, tzinfo=UTC)
REASON = "Đối chiếu thông tin khách hàng vay vốn"


def world_of_agreements(folder, *, since=date(2020, 1, 1)):
    """Load members, make agencies and posts; return one actor a part."""
    from dean06.exchange.public import load_members

    (folder / "members.yaml").write_text(MEMBERS)
    load_members(folder / "members.yaml")
    for code, name, kind in (
        ("DEMOBANK", "Ngân hàng Minh Họa", "bank"),
        ("G01", "Bộ Công an", "ministry"),
        ("VANHANH", "Đơn vị vận hành", "ministry"),
        ("H49", "Tỉnh Quảng Ninh", "province_office"),
    ):
        establish_unit(code=code, name=name, kind=kind, area_code="VN", parent_code="", actor=SYSTEM)
    actors = {}
    for part, (unit, title, roles) in POSTS.items():
        person = PersonKey(new_key())
        post = establish_post(unit_code=unit, title=title, roles=roles, area=("VN",), actor=SYSTEM, key=f"{unit}/{part}")
        appoint(post=post.key, person=person, since=since, actor=SYSTEM)
        actors[part] = Actor(account=part, person=person, unit_code=unit, roles=frozenset(roles), area=("VN",))
    return SimpleNamespace(**actors)


@contextmanager
def morning_with_new_keys(folder, settings):
    """Stop the clock at START, with certificates of that day, whatever other tests have made; what gateways knew then is forgotten."""
    from dean06.exchange import snapshot
    from dean06.signing.public import ensure_trust

    settings.DEAN06_KEY_DIR = folder / "keys"
    with time_machine.travel(START, tick=False) as travelling:
        ensure_trust()
        yield travelling
    snapshot.forget()
