import psycopg
import pytest
from django.db import connection, transaction

from vivavoce.desk.live.models import Signal
from vivavoce.desk.live.services import CHANNEL, touch

pytestmark = pytest.mark.django_db


def test_each_touch_grows_the_version_of_its_topics_once() -> None:
    touch("queue", "queue", "conversation:1")
    touch("queue")
    assert dict(Signal.objects.values_list("topic", "version")) == {"queue": 2, "conversation:1": 1}


def test_no_topic_is_no_touch() -> None:
    touch()
    assert not Signal.objects.exists()


def test_a_thousand_topics_are_touched_at_once() -> None:
    touch(*(f"conversation:{number}" for number in range(1_000)))
    assert Signal.objects.filter(version=1).count() == 1_000


def test_a_touch_goes_with_its_transaction() -> None:
    with transaction.atomic():
        touch("queue")
        transaction.set_rollback(True)
    assert not Signal.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no NOTIFY")
@pytest.mark.django_db(transaction=True)
def test_postgresql_tells_who_listens() -> None:
    settings = connection.get_connection_params()
    where = {name: settings[name] for name in ("dbname", "user", "host", "port") if name in settings}
    with psycopg.connect(**where, autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        with transaction.atomic():
            touch("queue", "alerts")
        notices = list(listening.notifies(timeout=5, stop_after=1))
    assert [notice.payload for notice in notices] == ["alerts queue"]
