"""reference: code lists in force on a day."""
