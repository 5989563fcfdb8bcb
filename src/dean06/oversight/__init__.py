"""oversight: indicators, reports, drill-down, computed from events."""
