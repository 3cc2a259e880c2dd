"""Viva Voce: machines listen, sort and measure; only people speak."""

__version__ = "0.1.0"
