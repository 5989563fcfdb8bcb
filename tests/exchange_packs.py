"""Packs that tests of the exchange begin with: the demonstration's own, and a small world of one register and its clients."""

from pathlib import Path

DEMO_PACKS = Path(__file__).parents[1] / "src" / "dean06" / "demo" / "packs" / "exchange"
BANK = "VN/COM/DEMOBANK/CUSTOMERS"
POPULATION = "VN/GOV/G01/POPULATION/population"
MEMBERS = """
kind: members
instance: VN
members:
  - class: GOV
    code: G01
    name: Bộ Công an
    subsystems:
      - code: POPULATION
        name: Cơ sở dữ liệu quốc gia về dân cư
        services:
{services}
  - class: GOV
    code: H49
    name: Tỉnh Quảng Ninh
    subsystems:
      - {{code: SERVICES, name: Một cửa}}
  - class: COM
    code: DEMOBANK
    name: Ngân hàng trình diễn
    subsystems:
      - {{code: CUSTOMERS, name: Khách hàng}}
{more}"""


def members(*services, more=""):
    """Return a pack of members: a register with these services, a province, a bank; ``more`` continues it after the bank's subsystem."""
    return MEMBERS.format(services="\n".join(f"          - {one}" for one in services), more=more)
