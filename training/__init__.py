"""How the shipped weights are made; not in the wheel. Data is laid beside the project, see docs/model-card.md."""
