"""Makes the demonstration country in a running installation; each part is done once and found again afterwards."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from dean06.core.actor import SYSTEM
from dean06.core.clock import today
from dean06.core.config import config
from dean06.core.keys import PersonKey
from dean06.demo.accounts_file import DemoAccount, NoDemoPeople, new_password, new_totp_secret, read_accounts, write_accounts
from dean06.demo.seed.cast import Cast, Player, choose
from dean06.demo.synth.synthesise import synthesise
from dean06.exchange.public import load_agreements, load_event_types, load_front, load_members
from dean06.identity.errors import AccountExists
from dean06.identity.public import load_clients, register_account
from dean06.ledger.public import add_witness, log_keys, watch
from dean06.organisation.public import COUNTRY, appoint, establish_post, establish_unit, org_unit, posts_held_by
from dean06.reference.public import unit, units
from dean06.registry.public import load_population
from dean06.signing.public import ensure_key

PACKS: Final = Path(__file__).parents[1] / "packs"
LEVEL_02: Final = 2
PROVINCE_AGENCY: Final = "H49"
POLICE: Final = "G01"
BANK: Final = "DEMOBANK"
OPERATOR: Final = "VANHANH"
WITNESSES: Final = (
    ("VN.COM.DEMOBANK", "VN.GOV.G01", "exchange.provider"),
    ("VN.GOV.G01", "VN.COM.DEMOBANK", "exchange.consumer"),
)
"""Who witnesses whose log."""
SEEDED_ON: Final = "seeded-on"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PostPlan:
    """A post of the demonstration.

    Attributes:
        part: who of the cast holds it.
        unit: code of the unit.
        title: as people read it.
        roles: what it may do.
        area: unit codes in which it may do so.
    """

    part: str
    unit: str
    title: str
    roles: tuple[str, ...]
    area: tuple[str, ...]


def seed(*, data_dir: Path, people: int, province: str, seed_number: int, report: Report) -> dict[str, DemoAccount]:
    """Make population, agreements, agencies, posts, certificates and accounts; return the demonstration accounts.

    A second call finds what is there and only adds what is missing, so that an interrupted first start is mended by starting again.
    """
    population = data_dir / "demo" / f"population-{province}-{people}-{seed_number}"
    if not population.exists():
        synthesise(making := population.with_suffix(".making"), people=people, province=province, seed=seed_number)
        making.rename(population)
    loaded = load_population(population, actor=SYSTEM)
    report(f"population: {loaded}")
    load_members(PACKS / "exchange")
    load_agreements(PACKS / "exchange")
    _witness_each_other()
    load_event_types(PACKS / "exchange")
    load_front(PACKS / "exchange")
    load_clients(PACKS / "identity" / "clients.yaml")
    cast = choose(population, on=seeded_on(data_dir))
    plans = _establish(cast)
    accounts = _register(data_dir, cast, plans)
    report(f"demo people: {', '.join(accounts)}")
    return accounts


def _witness_each_other() -> None:
    """Let the bank's gateway witness the log of the provider's gateway, and the ministry's the consumer's.

    Both are reached at the consumer's gateway, which any process of this machine may ask; the provider's hears gateways alone.
    """
    origin = f"http://127.0.0.1:{config().consumer_gateway_port}"
    for witness, keeper, log_name in WITNESSES:
        key = watch(witness=witness, keeper=keeper, log_name=log_name, keys=log_keys())
        add_witness(verifier_key=str(key), address=f"{origin}/witness/{witness}", logs=[log_name])


def seeded_on(data_dir: Path) -> date:
    """Return the day of the first seeding, noted once: who is old enough for a part must not change with the calendar."""
    path = data_dir / "demo" / SEEDED_ON
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        (making := path.with_suffix(".new")).write_text(today().isoformat())
        making.replace(path)
    return date.fromisoformat(path.read_text())


def population_in(data_dir: Path) -> Path:
    """Return the directory of the population that this installation loaded.

    Raises:
        NoDemoPeople: there is none.
    """
    found = sorted(path for path in (data_dir / "demo").glob("population-*") if path.suffix != ".making")
    if not found:
        raise NoDemoPeople
    return found[0]


def _establish(cast: Cast) -> list[PostPlan]:
    """Make units, posts, holdings and certificates."""
    province = unit(cast.to_commune).parent_code
    receiving = police_code(cast.to_commune)
    establish_unit(code=POLICE, name="Bộ Công an", kind="ministry", area_code=COUNTRY, parent_code="", actor=SYSTEM)
    name = f"Ủy ban nhân dân {_inside(unit(province).full_name)}"
    establish_unit(code=PROVINCE_AGENCY, name=name, kind="province_office", area_code=province, parent_code="", actor=SYSTEM)
    establish_unit(code=BANK, name="Ngân hàng Minh Họa", kind="bank", area_code=COUNTRY, parent_code="", actor=SYSTEM)
    name = "Đơn vị vận hành nền tảng chia sẻ dữ liệu (trình diễn)"
    establish_unit(code=OPERATOR, name=name, kind="ministry", area_code=COUNTRY, parent_code="", actor=SYSTEM)
    for commune in units("commune", parent=province):
        title = f"Công an {_inside(commune.full_name)}"
        establish_unit(
            code=police_code(commune.code), name=title, kind="commune_police", area_code=commune.code, parent_code=POLICE, actor=SYSTEM
        )
    plans = [
        PostPlan("one_stop_officer", receiving, "Cán bộ tiếp nhận", ("one_stop_officer",), (cast.to_commune,)),
        PostPlan("appraiser", receiving, "Cán bộ thẩm định", ("appraiser",), (cast.to_commune,)),
        PostPlan("head", receiving, "Trưởng Công an", ("head",), (cast.to_commune,)),
        PostPlan("leader", PROVINCE_AGENCY, "Tổ trưởng Tổ công tác Đề án 06", ("leader",), (province,)),
        PostPlan("national_leader", POLICE, "Thành viên Tổ công tác Đề án 06", ("leader", "data_protection_officer"), (COUNTRY,)),
        PostPlan("bank_teller", BANK, "Giao dịch viên", ("bank_teller",), (COUNTRY,)),
        PostPlan("exchange_requester", BANK, "Phụ trách khai thác dữ liệu", ("exchange_requester",), (COUNTRY,)),
        PostPlan("exchange_approver", POLICE, "Phụ trách chia sẻ dữ liệu", ("exchange_approver",), (COUNTRY,)),
        PostPlan("operator", OPERATOR, "Cán bộ vận hành nền tảng", ("operator",), (COUNTRY,)),
    ]
    for plan in plans:
        _fill(plan, cast.officials[plan.part])
    sealed = org_unit(receiving).name
    ensure_key(f"seal.{receiving}", common_name=sealed, organisation=sealed, usage="seal")
    return plans


def _fill(plan: PostPlan, player: Player) -> None:
    if not posts_held_by(player.key, on=today()):
        post = establish_post(
            unit_code=plan.unit, title=plan.title, roles=plan.roles, area=plan.area, actor=SYSTEM, key=f"{plan.unit}/{plan.part}"
        )
        appoint(post=post.key, person=player.key, since=today(), actor=SYSTEM)
    if {"one_stop_officer", "appraiser", "head"} & set(plan.roles):
        ensure_key(f"officer.{player.key}", common_name=player.full_name, organisation=org_unit(plan.unit).name, usage="officer")


def _register(data_dir: Path, cast: Cast, plans: list[PostPlan]) -> dict[str, DemoAccount]:
    try:
        known = read_accounts(data_dir)
    except NoDemoPeople:
        known = {}
    titles = {plan.part: f"{plan.title}, {org_unit(plan.unit).name}" for plan in plans}
    players = {"citizen": cast.citizen, "householder": cast.householder, **cast.officials}
    accounts = {
        part: known.get(part)
        or DemoAccount(part, str(one.key), one.full_name, one.number, new_password(), new_totp_secret(), titles.get(part, "người dân"))
        for part, one in players.items()
    }
    write_accounts(data_dir, accounts)  # first the file: a password that nobody knows would be of no use
    for account in accounts.values():
        open_account(account)
    return accounts


def open_account(account: DemoAccount) -> None:
    """Open a level-02 account with password and one-time code, unless the person has one."""
    with suppress(AccountExists):
        register_account(
            person=PersonKey(UUID(account.person_key)),
            level=LEVEL_02,
            username=account.number,
            password=account.password,
            totp_secret=account.totp_secret,
            actor=SYSTEM,
        )


def police_code(commune: str) -> str:
    """Return the agency code of a commune's police in the demonstration (domain.md D.2: read from the top)."""
    return f"{POLICE}.{PROVINCE_AGENCY}.{commune}"


def _inside(name: str) -> str:
    """Put a unit's name into a sentence: ``phường Hồng Gai``."""
    return name[:1].lower() + name[1:]
