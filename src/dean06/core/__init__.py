"""core: what every module may use and what knows no domain (errors, clock, actor, messages, paging, logs)."""
