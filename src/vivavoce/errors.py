"""One error tree. An error carries the decision: give up, or try again after so many seconds."""

from __future__ import annotations


class VivaVoceError(Exception):
    """The root of every error that Viva Voce raises on purpose; the message says what to do next."""


class BadInputError(VivaVoceError):
    """What a person or a file gave cannot be used as it is."""


class SetupError(VivaVoceError):
    """Something on this machine must be put right first: a folder, a database, a key, a clock."""


class NetworkError(VivaVoceError):
    """A network refused, failed or kept silent.

    Args:
        message: what happened and what to do next, for a teammate to read.
        permanent: trying again cannot help.
        retry_after_s: seconds to wait before the next try, as the network asked; ``None`` if it did not say.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class UnclearError(NetworkError):
    """The network may or may not have taken the record: look with ``find`` before another try."""


class RefusedError(VivaVoceError):
    """A rule of the house forbids this: no presence, no permit, someone else's words."""
