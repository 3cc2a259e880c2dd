"""A small team with one conversation, and a network in memory that fails as it is told."""
