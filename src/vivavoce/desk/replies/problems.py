"""Why a reply is not simply sent, and what to do about it, in words for the teammate who wrote it."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Problem(TextChoices):
    """A code is stored, so that each teammate reads it in their own language."""

    WAITING = "waiting", _("The network does not take it now. It will be tried again; nothing to do.")
    LOOKING = "looking", _("The network's answer got lost. Looking whether it is there; nothing to do.")
    UNCLEAR = "unclear", _("Nobody can tell whether it arrived. Open the thread on the network and say what you see.")
    OTHER_WORDS = "other_words", _("Something else stands in its place on the network. Look there and say what to do.")
    REFUSED = "refused", _("The network refused it. Change the words, or answer on the network itself.")
    GIVEN_UP = "given_up", _("The network did not take it after many tries. Edit it and send it again.")
    NO_ACCOUNT = "no_account", _("The account is not connected any more. Connect it, then edit and send again.")
    TOO_OLD = "too_old", _("It could not leave for two hours. Read the conversation again, then send it again.")
    PERSON_WROTE = "person_wrote", _("The person has written since. Read it, then edit your answer and send it.")
    PERSON_DELETED = "person_deleted", _("The person deleted the post that you answered. Nothing was sent.")
    WITHDRAWN = "withdrawn", _("Taken back before it left.")
    PRESENCE = "presence", _("Its record of presence does not hold. Nothing was sent. Tell who runs this desk.")
    ERASED = "erased", _("The person was erased. Nothing was sent.")


def words(code: str, detail: str = "") -> str:
    """Return a problem in the reader's language, with what the network itself said; nothing for no problem."""
    said = str(Problem(code).label) if code in Problem.values else ""
    return f"{said} ({detail})" if said and detail else said
