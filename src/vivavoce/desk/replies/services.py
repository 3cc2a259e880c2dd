"""What teammates do with replies: draft, send, take back, decide, take up again. Each is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from vivavoce.desk.inbox.models import Conversation, Post
from vivavoce.desk.inbox.queue import lock_people
from vivavoce.desk.inbox.services import answered, waits_again
from vivavoce.desk.live.services import touch
from vivavoce.desk.replies import chain
from vivavoce.desk.replies.counting import count_for
from vivavoce.desk.replies.evidence import wording
from vivavoce.desk.replies.models import Draft, Reply
from vivavoce.desk.replies.presence import Shown, presence_take
from vivavoce.desk.replies.problems import Problem
from vivavoce.desk.replies.queries import Answer, answer_last
from vivavoce.errors import BadInputError, RefusedError
from vivavoce.posts import TEXT_CODE_POINTS_MAX

if TYPE_CHECKING:
    from datetime import datetime

    from vivavoce.desk.team.models import Teammate

Decision = Literal["there", "again"]
"""What a teammate says after a look on the network: the reply is there, or it may be sent again."""

TAKEN_UP = (Reply.State.FAILED, Reply.State.RETURNED)


class AnsweredMeanwhileError(RefusedError):
    """Somebody else has answered since the page was opened; ``token`` says that this answer was seen."""

    def __init__(self, message: str, *, token: str) -> None:
        super().__init__(message)
        self.token = token


def draft_save(*, conversation: Conversation, teammate: Teammate, text: str, now: datetime) -> None:
    """Keep what a teammate has written so far; nothing written keeps nothing.

    Raises:
        BadInputError: it is longer than any network takes.
    """
    words = wording(text)
    if len(words) > TEXT_CODE_POINTS_MAX:
        raise BadInputError(_("This is longer than any network takes; shorten it."))
    if words and conversation.person.erased_at is None:
        Draft.objects.update_or_create(
            conversation=conversation, teammate=teammate, defaults={"text": words, "saved_at": now}
        )
    else:
        Draft.objects.filter(conversation=conversation, teammate=teammate).delete()


def reply_send(  # noqa: PLR0913 - each is a part of the sentence: who says what to whom, present how, when
    *, conversation: Conversation, teammate: Teammate, text: str, presence: Shown, now: datetime, seen: str = ""
) -> Reply:
    """Let a teammate's words leave: store presence, reply and the chain's next link; the post waits no more.

    The same words sent twice by a double click are one reply.

    Args:
        conversation: whom it answers, and where.
        teammate: who wrote it.
        text: the words.
        presence: what shows that the teammate is there now.
        now: the time.
        seen: the ``token`` of the last answer that the teammate saw on the page (``queries.answer_last``).

    Raises:
        AnsweredMeanwhileError: somebody else answered since.
        BadInputError: nothing is written, or more than the network takes.
        RefusedError: the presence does not hold, or nobody can be answered here.
    """
    words = wording(text)
    with transaction.atomic():
        lock_people([conversation.person_id])
        conversation = Conversation.objects.select_related("person", "account").get(pk=conversation.pk)
        last = answer_last(conversation)
        if last is not None and last.reply is not None and _is_double(last.reply, teammate, words):
            return last.reply
        wording_check(conversation=conversation, text=words)
        answers = _post_to_answer(conversation)
        _nobody_else(last, teammate, seen)
        taken = presence_take(presence, conversation=conversation, teammate=teammate, text=words, now=now)
        reply = Reply.objects.create(
            conversation=conversation,
            answers=answers,
            teammate=teammate,
            presence=taken,
            text=words,
            queued_at=now,
            next_try_at=now,
        )
        chain.reply_link(reply)
        Draft.objects.filter(conversation=conversation, teammate=teammate).delete()
        answered(conversation=conversation, up_to=answers, now=now, teammate=teammate)
        touch("outbox", f"conversation:{conversation.pk}")
    return reply


def wording_check(*, conversation: Conversation, text: str) -> None:
    """Check words as far as the desk can, before a teammate is asked to sign them.

    Raises:
        BadInputError: nothing is written, or more than the network takes.
        RefusedError: nobody can be answered here.
    """
    if conversation.person.erased_at is not None:
        raise RefusedError(_("This person was erased; nobody can be answered here."))
    if conversation.closed_at is not None:
        raise RefusedError(_("This conversation was set aside. Bring it back first, then answer."))
    count = count_for(conversation.account)
    if count is None:
        raise RefusedError(_("This account does not take replies. Connect the network, then answer there."))
    if not text:
        raise BadInputError(_("Write something first."))
    if count.length(text) > count.characters_max:
        message = _("This is longer than the network takes (%(most)s characters); shorten it.")
        raise BadInputError(message % {"most": count.characters_max})


def reply_withdraw(*, reply: Reply, teammate: Teammate, now: datetime) -> None:
    """Take a reply back before it leaves; its words go back to the author's draft.

    Raises:
        RefusedError: it is another's, on its way, or gone.
    """
    _must_be_own(reply, teammate)
    with transaction.atomic():
        lock_people([reply.conversation.person_id])
        waiting = Reply.objects.filter(pk=reply.pk, state=Reply.State.QUEUED, lease_until=None)
        if not waiting.update(state=Reply.State.RETURNED, problem_code=Problem.WITHDRAWN, problem_detail=""):
            raise RefusedError(_("It has left already, or is leaving right now."))
        _take_up(reply, teammate, now=now)
        waits_again(conversation=reply.conversation, answered_at=reply.released_at, now=now)
        touch("outbox", f"conversation:{reply.conversation_id}")


def reply_edit(*, reply: Reply, teammate: Teammate, now: datetime) -> None:
    """Take up the words of a reply that failed or came back: they go to the teammate's draft.

    Raises:
        RefusedError: it is another's, or it has not come back.
    """
    _must_be_own(reply, teammate)
    with transaction.atomic():
        if not Reply.objects.select_for_update().filter(pk=reply.pk, state__in=TAKEN_UP, settled_at=None).exists():
            raise RefusedError(_("There is nothing to take up: it has not come back."))
        _take_up(reply, teammate, now=now)
        touch("outbox", f"conversation:{reply.conversation_id}")


def reply_decide(*, reply: Reply, teammate: Teammate, decision: Decision, now: datetime) -> None:
    """Say, after a look on the network, whether a reply of which nobody can tell is there or may be sent again.

    Sent again, it goes under its own frozen key, so that it cannot stand twice; under a new one when other words
    stand under the old.

    Raises:
        RefusedError: somebody has decided already, or the courier is still looking.
    """
    with transaction.atomic():
        lock_people([reply.conversation.person_id])
        reply = Reply.objects.select_for_update(of=("self",)).select_related("conversation__person").get(pk=reply.pk)
        if reply.state != Reply.State.UNKNOWN or not reply.asks_for_a_person:
            raise RefusedError(_("This is decided already."))
        other_words = reply.problem_code == Problem.OTHER_WORDS
        reply.decided_by, reply.decided_at, reply.unclear_since = teammate, now, None
        reply.problem_code = reply.problem_detail = ""
        if decision == "there":
            reply.state, reply.sent_at = Reply.State.SENT, now
            chain.delivery_link(reply, at=now)
        else:
            reply.state, reply.next_try_at = Reply.State.QUEUED, now
            if other_words:
                reply.record, reply.record_digest, reply.tries = None, "", 0
        reply.save()
        answered(conversation=reply.conversation, up_to=reply.answers, now=now, teammate=teammate)
        touch("outbox", f"conversation:{reply.conversation_id}")


def _is_double(last: Reply, teammate: Teammate, words: str) -> bool:
    return last.teammate_id == teammate.pk and last.text == words


def _nobody_else(last: Answer | None, teammate: Teammate, seen: str) -> None:
    if last is None or last.token == seen or (last.reply is not None and last.reply.teammate_id == teammate.pk):
        return
    if last.reply is None:
        message = _("This was answered meanwhile, outside this desk. Read it; send again to add to it.")
    else:
        said = _("%(name)s has answered meanwhile. Read it; send again to add to it.")
        message = said % {"name": last.reply.teammate.shown_name}
    raise AnsweredMeanwhileError(message, token=last.token)


def _post_to_answer(conversation: Conversation) -> Post:
    """Return the person's last post that waits, or else their last one that is still there."""
    theirs = Post.objects.filter(conversation=conversation, ours=False, deleted_at=None)
    post = theirs.order_by(F("waits").desc(), "-seen_at", "-pk").first()
    if post is None:
        raise RefusedError(_("The person deleted what they wrote; there is nothing to answer."))
    return post


def _must_be_own(reply: Reply, teammate: Teammate) -> None:
    """Let the author act; when the author left the team, whoever is there."""
    if reply.teammate_id != teammate.pk and reply.teammate.is_active:
        raise RefusedError(_("Only %(name)s can do this.") % {"name": reply.teammate.shown_name})


def _take_up(reply: Reply, teammate: Teammate, *, now: datetime) -> None:
    Reply.objects.filter(pk=reply.pk).update(settled_at=now)
    draft = Draft.objects.filter(conversation=reply.conversation_id, teammate=teammate).first()
    begun = draft.text if draft is not None else ""
    words = reply.text if begun in ("", reply.text) else f"{reply.text}\n\n{begun}"
    draft_save(conversation=reply.conversation, teammate=teammate, text=words[:TEXT_CODE_POINTS_MAX], now=now)
