"""People of a further walk: the next pair of citizen and parent, with accounts of their own."""

import json
from pathlib import Path
from typing import Final

from dean06.demo.accounts_file import DemoAccount, new_password, new_totp_secret, read_accounts, write_accounts
from dean06.demo.seed.cast import Player, choose
from dean06.demo.seed.world import open_account, population_in, seeded_on

WALKS: Final = "walks.json"


def people_of_next_walk(data_dir: Path) -> tuple[int, dict[str, DemoAccount], DemoAccount | None]:
    """Return the number of this walk, its people by part, and the citizen of the walk before, if there was one.

    A walk that was begun and not finished is taken up again: its citizen is the same until she has her result.
    """
    known = read_accounts(data_dir)
    number = finished_walks(data_dir) + 1
    if number == 1:
        return 1, known, None
    before = known[_part("citizen", number - 1)]
    if _part("citizen", number) not in known:
        cast = choose(population_in(data_dir), on=seeded_on(data_dir), skip=number - 1)
        for part, player in (("citizen", cast.citizen), ("householder", cast.householder)):
            known[_part(part, number)] = _account(_part(part, number), player)
        write_accounts(data_dir, known)
    for part in ("citizen", "householder"):
        open_account(known[_part(part, number)])
    return number, {**known, "citizen": known[_part("citizen", number)], "householder": known[_part("householder", number)]}, before


def finished_walks(data_dir: Path) -> int:
    """Return how many walks came to their end."""
    try:
        return int(json.loads((data_dir / "demo" / WALKS).read_text())["finished"])
    except FileNotFoundError:
        return 0


def note_finished(data_dir: Path, number: int) -> None:
    """Write down that a walk came to its end."""
    path = data_dir / "demo" / WALKS
    path.parent.mkdir(parents=True, exist_ok=True)
    (making := path.with_suffix(".new")).write_text(json.dumps({"finished": number}))
    making.replace(path)


def _part(part: str, number: int) -> str:
    return part if number == 1 else f"{part}{number}"


def _account(part: str, player: Player) -> DemoAccount:
    return DemoAccount(part, str(player.key), player.full_name, player.number, new_password(), new_totp_secret(), "người dân")
