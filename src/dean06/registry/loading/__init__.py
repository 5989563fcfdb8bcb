"""Bulk load of a whole population from Parquet files: read, check, COPY, one ledger entry."""
