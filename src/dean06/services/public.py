"""What other modules may use of services."""

from dean06.services.cards import DocumentCard, DossierCard, ProcedureCard, documents_of, dossiers_of, procedures, search_procedures
from dean06.services.listings import ImportReport, import_procedures
from dean06.services.loading import PACKS, Fault, FaultyPack, PackFiles, parse_pack, read_files, shipped_packs

__all__ = [
    "PACKS",
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
