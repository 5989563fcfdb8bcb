"""Posts as law sees them: how long one holds, how far it reaches, whose grant needs a second pair of eyes."""
