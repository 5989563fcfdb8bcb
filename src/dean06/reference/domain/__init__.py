"""What the law says of units and calendars, without Django."""
