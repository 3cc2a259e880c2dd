from datetime import timedelta

import pytest
from django.utils import timezone

from vivavoce.desk.inbox.models import Account, Conversation, Person
from vivavoce.desk.live.models import Signal
from vivavoce.desk.replies.models import Challenge
from vivavoce.desk.team.models import Teammate
from vivavoce.desk.workers.clock import CHALLENGE_KEPT_S, tick

pytestmark = pytest.mark.django_db
NOW = timezone.now()
BEFORE = NOW - timedelta(seconds=15)


@pytest.mark.parametrize(
    ("due_in_s", "waiting", "told"), [(-5, True, True), (5, True, False), (-60, True, False), (-5, False, False)]
)
def test_the_screens_hear_of_a_due_time_when_it_passes(due_in_s: int, *, waiting: bool, told: bool) -> None:
    Person.objects.create(created_at=NOW, waiting=waiting, due_at=NOW + timedelta(seconds=due_in_s))
    tick(since=BEFORE, now=NOW)
    assert Signal.objects.filter(topic="queue").exists() == told


def test_old_challenges_are_swept_and_new_ones_stay() -> None:
    person = Person.objects.create(created_at=NOW)
    conversation = Conversation.objects.create(
        account=Account.objects.create(network="demo"), person=person, root="r", opened_at=NOW, last_at=NOW
    )
    teammate = Teammate.objects.create(username="zoe")
    for nonce, age_s in (("old", CHALLENGE_KEPT_S + 1), ("new", 60)):
        Challenge.objects.create(
            nonce=nonce, teammate=teammate, conversation=conversation, made_at=NOW - timedelta(seconds=age_s)
        )
    tick(since=BEFORE, now=NOW)
    assert list(Challenge.objects.values_list("nonce", flat=True)) == ["new"]
