"""What other modules may use of services."""

from dean06.services.cards import DocumentCard, DossierCard, ProcedureCard, documents_of, dossiers_of, procedures, search_procedures
from dean06.services.listings import ImportReport, import_procedures
from dean06.services.loading import PACKS, Fault, FaultyPack, PackFiles, parse_pack, read_files, shipped_packs
from dean06.services.words import STATES as STATE_NAMES
from dean06.services.words import STEPS as STEP_NAMES

__all__ = [
    "PACKS",
    "STATE_NAMES",
    "STEP_NAMES",
    "DocumentCard",
    "DossierCard",
    "Fault",
    "FaultyPack",
    "ImportReport",
    "PackFiles",
    "ProcedureCard",
    "documents_of",
    "dossiers_of",
    "import_procedures",
    "parse_pack",
    "procedures",
    "read_files",
    "search_procedures",
    "shipped_packs",
]
