"""What is wrong with a population file: file, row and remedy, never a value (values are personal data)."""

from dataclasses import dataclass
from typing import Final, NoReturn

from dean06.registry.errors import PopulationRefused

MOST_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the first row that has it (counted from 1; 0 for the file as a whole) and how many rows have it."""

    file: str
    row: int
    what: str
    remedy: str
    rows: int = 1

    def __str__(self) -> str:
        place = f"{self.file}, row {self.row}" if self.row else self.file
        more = f" (and {self.rows - 1} more rows)" if self.rows > 1 else ""
        return f"{place}: {self.what}{more}. Remedy: {self.remedy}."


def refuse(*findings: Finding) -> NoReturn:
    """Refuse the files with all that was found.

    Raises:
        PopulationRefused: always.
    """
    shown = findings[:MOST_FINDINGS]
    raise PopulationRefused("\n".join(map(str, shown)), findings=len(findings))
