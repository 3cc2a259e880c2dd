from pathlib import Path

import pytest

from vivavoce.networks.demo.story import Line, read
from vivavoce.networks.demo.tests.day import PACE, START, Day, FakeClock, connect, line_of
from vivavoce.posts import Addressed, Deletion, Post, Visibility

LINES = [line for line in read().lines.values() if line.reacts]
IN_TIME = {text for line in LINES for text in line.in_time}
LATE = {text for line in LINES for text in line.late}
NEVER = {line.never for line in LINES if line.never}


def promptly(_post: Post) -> float | None:
    return 2.0


def never(_post: Post) -> float | None:
    return None


def late(post: Post) -> float | None:
    """Answer those who have something to say after their patience, what they then say at once, and nobody else."""
    line = line_of(post)
    if line is None:
        return 0.0
    return 1.4 * line.patience_min * 60 / PACE if line.reacts and line.id in post.id else None


def test_an_answer_in_time_is_thanked_for_and_nobody_is_angry(tmp_path: Path) -> None:
    said = set(Day(tmp_path, promptly).play())
    assert said >= IN_TIME
    assert not said & (LATE - IN_TIME)
    assert not said & NEVER


def test_a_late_answer_is_taken_as_late(tmp_path: Path) -> None:
    said = set(Day(tmp_path, late).play())
    assert said >= LATE
    assert not said & (IN_TIME - LATE)


def test_silence_makes_people_write_again(tmp_path: Path) -> None:
    day = Day(tmp_path, never)
    said = set(day.play())
    assert said >= NEVER
    assert not said & (IN_TIME | LATE)
    again = [post for post in day.heard if isinstance(post, Post) and post.text in NEVER]
    assert {post.addressed for post in again} <= {Addressed.MENTION, Addressed.REPLY, Addressed.PRIVATE}


def test_everybody_says_everything_once(tmp_path: Path) -> None:
    day = Day(tmp_path, promptly)
    day.play()
    keys = [(event.id, getattr(event, "version", "deleted")) for event in day.heard]
    assert len(keys) == len(set(keys))


def test_a_reaction_answers_the_brand_in_the_same_thread_and_in_the_same_voice(tmp_path: Path) -> None:
    day = Day(tmp_path, promptly)
    day.play()
    heard = {event.id: event for event in day.heard if isinstance(event, Post)}
    reactions = [post for post in heard.values() if post.reply_to and "/reply-" in post.reply_to]
    assert len(reactions) == sum(len(line.in_time) for line in LINES)
    for post in reactions:
        assert post.addressed is (Addressed.PRIVATE if post.visibility is Visibility.PRIVATE else Addressed.REPLY)
        assert heard[post.root_id].visibility is post.visibility


def test_what_was_taken_back_cannot_be_answered_and_is_heard_as_gone(tmp_path: Path) -> None:
    day = Day(tmp_path, lambda post: 500.0 if "USELESS" in post.text else None)
    day.play()
    assert day.refused == 1
    assert sum(isinstance(event, Deletion) for event in day.heard) == 2


def test_an_edit_comes_as_another_version_of_the_same_post(tmp_path: Path) -> None:
    day = Day(tmp_path, never)
    day.play()
    versions = [post for post in day.heard if isinstance(post, Post) and post.id.endswith("/evening-39")]
    assert [post.text[:12] for post in versions] == ["Powers back ", "Power's back"]
    assert len({post.version for post in versions}) == 2


def test_the_morning_is_there_at_once_with_its_own_times_and_the_rest_comes_live(tmp_path: Path) -> None:
    clock = FakeClock()
    network = connect(tmp_path, clock)
    morning = network.listen(None, wait_s_max=0.0)
    assert 50 <= len(morning.events) <= 80
    times = [event.seen_at for event in morning.events]
    assert times == sorted(times)
    assert (START - times[0]).total_seconds() > 2 * 3600
    assert (START - times[-1]).total_seconds() < 600
    cursor, soon = morning.cursor, 0
    for _ in range(60):
        clock.forward(1.0)
        batch = network.listen(cursor, wait_s_max=0.0)
        cursor, soon = batch.cursor, soon + len(batch.events)
    network.close()
    assert soon >= 15


@pytest.mark.parametrize("line", [line for line in LINES if line.who == "mado.brunel"], ids=lambda line: line.id)
def test_the_grandmother_is_plainly_in_danger_and_waits_for_no_mention(line: Line) -> None:
    assert line.text.startswith("@ostrel")
    assert line.in_time
    assert line.late
