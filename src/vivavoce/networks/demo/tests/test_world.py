import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.errors import NetworkError
from vivavoce.networks.base import Network
from vivavoce.networks.contract import answer, permit_for
from vivavoce.networks.demo import NETWORK
from vivavoce.networks.demo.story import read
from vivavoce.networks.demo.tests.day import AFTERMATH_S, DAY_S, FakeClock, connect
from vivavoce.posts import Deletion, Post

WHOLE_DAY_S = DAY_S + AFTERMATH_S


def rest(network: Network, cursor: str | None = None) -> tuple[list[Post | Deletion], str | None]:
    heard: list[Post | Deletion] = []
    while True:
        batch = network.listen(cursor, wait_s_max=0.0)
        cursor = batch.cursor
        if not batch.events:
            return heard, cursor
        heard.extend(batch.events)


def whole_day(folder: Path, *, seed: str = "1") -> list[Post | Deletion]:
    clock = FakeClock()
    network = connect(folder, clock, seed=seed)
    clock.forward(WHOLE_DAY_S)
    heard, _ = rest(network)
    network.close()
    return heard


def test_a_day_is_the_same_each_time_for_one_seed(tmp_path: Path) -> None:
    first = whole_day(tmp_path / "first")
    assert first == whole_day(tmp_path / "second")
    assert {post.id for post in first} == {post.id for post in whole_day(tmp_path / "third", seed="2")}


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, WHOLE_DAY_S), max_size=12))
def test_however_often_the_desk_is_restarted_it_hears_the_same_day(
    tmp_path_factory: pytest.TempPathFactory, restarts: list[int]
) -> None:
    clock, folder = FakeClock(), tmp_path_factory.mktemp("world")
    heard: list[Post | Deletion] = []
    cursor: str | None = None
    now = 0
    for at in (*sorted(restarts), WHOLE_DAY_S):
        network = connect(folder, clock)
        clock.forward(at - now)
        now = at
        batch, cursor = rest(network, cursor)
        heard.extend(batch)
        network.close()
    assert heard == whole_day(tmp_path_factory.mktemp("uninterrupted"))


def test_a_reply_sent_by_another_process_brings_its_reaction_to_the_listener(tmp_path: Path) -> None:
    clock = FakeClock()
    listener, courier = connect(tmp_path, clock), connect(tmp_path, clock)
    heard, cursor = rest(listener)
    asked = next(post for post in heard if post.id.endswith("/morning-3") and isinstance(post, Post))
    sent = courier.send(permit_for(courier.freeze(answer(asked, "Deux jours."), created_at=clock.now)))
    courier.close()
    clock.forward(30)
    after, _ = rest(listener, cursor)
    listener.close()
    reaction = next(post for post in after if isinstance(post, Post) and post.reply_to == sent.id)
    assert reaction.text == read().lines["morning-3"].in_time[0]


def test_several_listeners_at_once_hear_the_same_and_nothing_twice(tmp_path: Path) -> None:
    start = datetime.now(UTC)
    clock = FakeClock(start)
    networks = [connect(tmp_path, clock) for _ in range(4)]
    clock.forward(WHOLE_DAY_S)
    together = threading.Barrier(4)
    days: list[list[Post | Deletion]] = []

    def run(network: Network) -> None:
        together.wait(10)
        days.append(rest(network)[0])

    threads = [threading.Thread(target=run, args=(network,)) for network in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for network in networks:
        network.close()
    assert len(days) == 4
    assert all(day == days[0] for day in days)


LISTENER = """
import sys
from datetime import UTC, datetime
from vivavoce.networks.demo import NETWORK
network = NETWORK.connect({"folder": sys.argv[1], "pace": "30000"}, clock=lambda: datetime.now(UTC))
cursor = None
print("listening", flush=True)
while True:
    cursor = network.listen(cursor, wait_s_max=0.01).cursor
"""


def test_a_listener_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    for moment_s in (0.0, 0.05, 0.13, 0.31):
        with subprocess.Popen([sys.executable, "-c", LISTENER, str(tmp_path)], stdout=subprocess.PIPE) as listener:
            assert listener.stdout is not None
            listener.stdout.readline()
            time.sleep(moment_s)
            listener.kill()
    clock = FakeClock(datetime(2100, 1, 1, tzinfo=UTC))
    network = connect(tmp_path, clock)
    heard, _ = rest(network)
    network.close()
    expected = whole_day(tmp_path / "uninterrupted")
    names = Counter((event.id.partition("/")[2], type(event)) for event in heard)
    assert names == Counter((event.id.partition("/")[2], type(event)) for event in expected)


def test_a_cursor_of_another_day_starts_this_day_from_its_beginning(tmp_path: Path) -> None:
    network = connect(tmp_path, FakeClock())
    whole = network.listen(None, wait_s_max=0.0).events
    for cursor in ("", "20200101T000000/500", "nonsense", "nonsense/x"):
        assert network.listen(cursor, wait_s_max=0.0).events == whole
    network.close()


@pytest.mark.parametrize("wrong", [{}, {"folder": ""}])
def test_without_a_folder_it_says_what_to_put_right(wrong: dict[str, str]) -> None:
    with pytest.raises(NetworkError, match="folder") as refusal:
        NETWORK.connect(wrong, clock=FakeClock())
    assert refusal.value.permanent


@pytest.mark.parametrize("pace", ["0", "-1", "nan", "inf", "fast"])
def test_a_pace_that_is_no_pace_is_refused(tmp_path: Path, pace: str) -> None:
    with pytest.raises(NetworkError, match="pace"):
        NETWORK.connect({"folder": str(tmp_path), "pace": pace}, clock=FakeClock())


def test_a_folder_that_cannot_be_used_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(NetworkError, match="taken"):
        NETWORK.connect({"folder": str(tmp_path / "taken")}, clock=FakeClock())
    (tmp_path / "world.sqlite3").write_text("not a database, by far not a database")
    with pytest.raises(NetworkError, match="cannot be opened"):
        NETWORK.connect({"folder": str(tmp_path)}, clock=FakeClock())
