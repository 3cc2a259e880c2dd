"""Bluesky, and any other server of the AT Protocol: notifications and Jetstream in, replies out.

The connector imports nothing heavy; the protocol's client is loaded when somebody connects.
"""

from vivavoce.networks.bluesky.connector import BlueskyConnector

NETWORK = BlueskyConnector()

__all__ = ["NETWORK", "BlueskyConnector"]
