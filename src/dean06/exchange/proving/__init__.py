"""Evidence that leaves the house: the index over it, the bundle that proves itself, the operators' search, the members' address."""
