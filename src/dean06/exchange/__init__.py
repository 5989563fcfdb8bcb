"""exchange: gateway, members, agreements, evidence."""
