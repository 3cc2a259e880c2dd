"""The smallest desk in which somebody can be answered."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.presence.enrol import answer, enrol
from tests.presence.passkey import Passkey
from vivavoce.desk.inbox.models import Account, Conversation, Handle, Person, Post
from vivavoce.desk.replies import services
from vivavoce.desk.replies.models import Reply
from vivavoce.desk.replies.presence import PasskeyAnswer, challenge_give
from vivavoce.desk.replies.window import OpenWindow
from vivavoce.desk.team.models import Teammate

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday morning."""

_numbers = itertools.count(1)


@dataclass
class World:
    """One account, one person with one post that waits, two teammates; time stands still until it is moved."""

    now: datetime = NOW
    network: str = "demo"
    account: Account = field(init=False)
    anne: Teammate = field(init=False)
    bruno: Teammate = field(init=False)
    passkey: Passkey = field(default_factory=Passkey)
    credential_id: bytes = field(init=False)
    post: Post = field(init=False)
    conversation: Conversation = field(init=False)

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.account = Account.objects.create(network=self.network, remote_id=f"brand/{number}", handle="brand")
        self.anne = Teammate.objects.create_user(f"anne{number}", first_name="Anne", password="une longue phrase")
        self.bruno = Teammate.objects.create_user(f"bruno{number}", first_name="Bruno", password="une autre phrase")
        self.credential_id = enrol(self.anne, self.passkey)
        self.post = self.asks("Il fait froid chez moi, personne ne répond.")
        conversation = self.post.conversation
        assert conversation is not None
        self.conversation = conversation

    def clock(self) -> datetime:
        """Tell this world's time."""
        return self.now

    def passes(self, **delta: float) -> datetime:
        """Let time pass; returns the new time."""
        self.now += timedelta(**delta)
        return self.now

    def asks(self, text: str, *, conversation: Conversation | None = None) -> Post:
        """Store a post of a new person, or one more in a conversation, that waits."""
        number = next(_numbers)
        root = conversation.root if conversation else f"post/{number}"
        if conversation is None:
            person = Person.objects.create(name="Maria", created_at=self.now)
            Handle.objects.create(person=person, network=self.network, remote_id=f"p/{number}", handle="maria")
            conversation = Conversation.objects.create(
                account=self.account, person=person, root=root, opened_at=self.now, last_at=self.now
            )
        post = Post.objects.create(
            account=self.account,
            network=self.network,
            remote_id=f"post/{number}",
            author=conversation.person.handles.get(),
            conversation=conversation,
            text=text,
            created_at=self.now,
            seen_at=self.now,
            stored_at=self.now,
            root=root,
            root_version="v1",
            version="v1",
            addressed="mention",
            waits=True,
            due_at=self.now + timedelta(hours=1),
        )
        Person.objects.filter(pk=conversation.person_id).update(waiting=True, due_at=post.due_at, due_post=post)
        return post

    def proof(self, text: str, *, conversation: Conversation | None = None) -> PasskeyAnswer:
        """Ask for a challenge and sign it with Anne's passkey."""
        given = challenge_give(
            conversation=conversation or self.conversation, teammate=self.anne, text=text, now=self.now
        )
        signed = answer(self.passkey, self.credential_id, given["publicKey"])
        return PasskeyAnswer(nonce=given["nonce"], assertion=signed)

    def window(self, teammate: Teammate | None = None, *, method: str = "password") -> OpenWindow:
        """Open a window as the session would hold it."""
        return OpenWindow((teammate or self.anne).pk, method, self.now)

    def sends(self, text: str = "Je suis là. Que se passe-t-il ?", *, to: Conversation | None = None) -> Reply:
        """Let Anne answer, with her passkey."""
        conversation = to or self.conversation
        return services.reply_send(
            conversation=conversation,
            teammate=self.anne,
            text=text,
            presence=self.proof(text, conversation=conversation),
            now=self.now,
        )
