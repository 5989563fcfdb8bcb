"""Registers of an invented country beside the population: licences, insurance, taxes, land, civil status, telephones."""
