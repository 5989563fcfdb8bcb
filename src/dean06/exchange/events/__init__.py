"""Events between agencies: registered types, subscriptions under agreements, delivery by webhook and by pull."""
