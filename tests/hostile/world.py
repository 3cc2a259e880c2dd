"""A desk to which hostile people have written, with two teammates and an admin; and the texts of the hostile.

Run as a module on a data folder (VIVAVOCE_DATA) it fills that folder's desk, for the tests with a real browser.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vivavoce.networks.base import Batch
from vivavoce.posts import Addressed, Author, Media, Post

if TYPE_CHECKING:
    from django.db.models import QuerySet

SECRET = "between-ann-and-her-draft"
HIT = "window.__hit=1"

MARKUP = (
    f"<script>{HIT}</script>",
    f"<img src=x onerror='{HIT}'>",
    f'"><svg onload="{HIT}">',
    f"'><body onload={HIT}>",
    f"</textarea></title></style></script><script>{HIT}</script>",
    f'" autofocus onfocus="{HIT}" x="',
    f"javascript:{HIT}",
    f"<a href='javascript:{HIT}'>click</a>",
    f"{{{{ {HIT} }}}}{{% debug %}}${{{HIT}}}",
    f"<iframe srcdoc='<script>parent.{HIT}</script>'></iframe>",
    f"<!--><script>{HIT}//--></script>",
    "alert(1)//<script>alert(document.domain)</script>",
)
"""Each tries to run; what runs sets `window.__hit` or opens a dialogue."""

STRANGE = (
    "",
    "\x00",
    "nul \x00 within",
    "\ud800 lone \udfff surrogates",
    "\u202e right to left \u2066 and isolates \u202d",
    "👩\u200d👩\u200d👧\u200d👦" * 200,
    "Z̸̧̛͓͎̈́͋a̸̲̫͊l̵̘̚g̷̡̛o̴̧̒" * 100,
    "\ufeff\ufffe\uffff\U0010ffff",
    "\r\n\t\x0b\x0c\x1b[31m\x07\x08\x7f\x85\u2028\u2029",
    "ﷺ" * 500,
    "é" * 300_000,
    "word " * 60_000,
    "a" * 300_000,
    "%s %d {0} {} %(x)s \\u0000 \\",
    "' OR 1=1; DROP TABLE inbox_post; --",
    "-9223372036854775809",
    "\uff11\uff12\uff13",
)
"""Texts at the edges of what can be stored, shown and counted."""


@dataclass(frozen=True)
class World:
    """Who there is, and what can be named in an address."""

    people: dict[str, int]
    known: dict[str, tuple[str, ...]]
    """For each kind of thing some ids that exist, as they stand in addresses."""


def hostile_posts(now: datetime) -> tuple[Post, ...]:
    """Return what the hostile wrote: in texts, names, handles, links, pictures and languages; two of it in danger."""
    wild = [*MARKUP, *STRANGE, "I will kill myself " + MARKUP[0], "There is fire, a child is inside " + MARKUP[1]]
    return tuple(_post(number, text, now - timedelta(minutes=number)) for number, text in enumerate(wild))


def _post(number: int, text: str, at: datetime) -> Post:
    markup = MARKUP[number % len(MARKUP)]
    return Post(
        id=f"hostile-{number}-{markup[:40]}",
        network="demo",
        author=Author(f"enemy-{number}", handle=f"@{markup[:80]}", name=(markup + text)[:120], avatar_url=markup),
        text=text,
        created_at=at,
        seen_at=at,
        addressed=Addressed.OVERHEARD if number % 7 == 0 else Addressed.MENTION,
        languages=(f'x" onfocus={HIT} ', markup),
        links=(f"javascript:{HIT}", f"data:text/html,<script>{HIT}</script>", f"https://a.test/{markup}", "http://["),
        media=(Media(f"javascript:{HIT}", alt=markup), Media(f"https://b.test/{markup}", "image", markup)),
        url=f"javascript:{HIT}",
        version="1",
    )


def build() -> World:
    """Fill the desk whose Django is running."""
    from vivavoce.desk.inbox import services as inbox  # noqa: PLC0415 - Django must be set up before
    from vivavoce.desk.inbox.intake import take_in  # noqa: PLC0415
    from vivavoce.desk.inbox.models import Account, Conversation, Person  # noqa: PLC0415
    from vivavoce.desk.inbox.models import Post as Stored  # noqa: PLC0415
    from vivavoce.desk.inbox.reader import read_records  # noqa: PLC0415
    from vivavoce.desk.replies import services  # noqa: PLC0415
    from vivavoce.desk.replies.models import Reply  # noqa: PLC0415
    from vivavoce.desk.replies.window import OpenWindow  # noqa: PLC0415
    from vivavoce.desk.team.models import Teammate  # noqa: PLC0415
    from vivavoce.desk.transparency.models import LedgerEntry  # noqa: PLC0415

    now = datetime.now(UTC)
    account = Account.objects.create(network="demo", remote_id="brand", handle="brand", problem=MARKUP[1])
    take_in(account, Batch(hostile_posts(now), "c"), now=now, reader=read_records)
    team = {
        "ann": Teammate.objects.create_user("ann", first_name=MARKUP[2][:100], password="a long phrase"),
        "bob": Teammate.objects.create_user("bob", password="another phrase"),
        "chief": Teammate.objects.create_superuser("chief", password="the third phrase"),
    }
    conversations = list(Conversation.objects.order_by("pk"))
    for conversation in conversations[:4]:
        services.draft_save(conversation=conversation, teammate=team["ann"], text=SECRET, now=now)
    window = OpenWindow(team["ann"].pk, "password", now)
    for conversation in conversations[4:7]:
        services.reply_send(
            conversation=conversation, teammate=team["ann"], text=MARKUP[0], presence=window, now=now, seen=""
        )
    services.reply_withdraw(reply=Reply.objects.order_by("queued_at")[0], teammate=team["ann"], now=now)
    inbox.set_aside(conversation=conversations[7], teammate=team["ann"], now=now)
    known: dict[str, QuerySet[Any]] = {
        "conversations": Conversation.objects.all(),
        "posts": Stored.objects.all(),
        "overheard": Stored.objects.filter(conversation=None),
        "people": Person.objects.all(),
        "replies": Reply.objects.all(),
        "teammates": Teammate.objects.all(),
        "networks": Account.objects.all(),
        "ledger": LedgerEntry.objects.all(),
    }
    ids = {
        name: tuple(str(pk) for pk in kind.order_by("pk").values_list("pk", flat=True)[:3])
        for name, kind in known.items()
    }
    return World({name: teammate.pk for name, teammate in team.items()}, ids)


if __name__ == "__main__":
    import django

    django.setup()
    build()
