"""Archives: posts that were saved to a file. Read ``opening`` first; each format is one module."""

from vivavoce.networks.archive.network import NETWORK
from vivavoce.networks.archive.opening import FORMATS, Archive, open_archive
from vivavoce.networks.archive.rows import Arrived, Rejected, Row

__all__ = ["FORMATS", "NETWORK", "Archive", "Arrived", "Rejected", "Row", "open_archive"]
