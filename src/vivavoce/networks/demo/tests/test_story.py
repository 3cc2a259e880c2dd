import re
from collections import Counter

import pytest

from vivavoce.networks.demo.network import CHARACTERS_MAX
from vivavoce.networks.demo.story import BRAND, Line, Story, minutes, read
from vivavoce.posts import storable

MENTION = re.compile(r"@(\w+)")


@pytest.fixture
def story() -> Story:
    return read()


def test_there_are_many_people_who_write_much_in_two_languages(story: Story) -> None:
    said = [(line.lang, line.text) for line in story.lines.values() if line.text]
    assert len(story.people) >= 55
    assert len(list(story.texts())) >= 280
    for texts in (said, list(story.texts())):
        share = Counter(language for language, _ in texts)
        assert set(share) == {"fr", "en"}
        assert min(share.values()) >= 0.4 * len(texts)


def test_everybody_has_a_part_and_nobody_is_unknown(story: Story) -> None:
    assert {line.who for line in story.lines.values()} == set(story.people)


def test_the_morning_is_lively_when_the_desk_opens(story: Story) -> None:
    before = [line for line in story.lines.values() if line.at_min < story.opens_min and line.text]
    soon = [line for line in story.lines.values() if story.opens_min <= line.at_min < story.opens_min + 30]
    assert 50 <= len(before) <= 80
    assert len(soon) >= 20


def test_what_a_line_refers_to_was_said_before(story: Story) -> None:
    for line in story.lines.values():
        for other in filter(None, (line.re, line.edits, line.deletes)):
            assert story.lines[other].at_min <= line.at_min, line.id
        for own in filter(None, (line.edits, line.deletes)):
            assert story.lines[own].who == line.who


def test_every_text_can_be_posted_and_names_only_people_of_the_story(story: Story) -> None:
    for _, text in story.texts():
        assert text == storable(text) == text.strip()
        assert 0 < len(text) <= CHARACTERS_MAX
        assert set(MENTION.findall(text)) <= {BRAND, "mairie"}


def test_links_lead_nowhere(story: Story) -> None:
    for _, text in story.texts():
        for host in re.findall(r"[\w-]+(?:\.[\w-]+)+/", text):
            assert host.endswith(".example/")


def test_a_wave_of_near_copies_goes_round(story: Story) -> None:
    wave = [line.text for line in story.lines.values() if "11" in line.text and "400" in line.text and "#" in line.text]
    assert len(wave) >= 20
    assert len(set(wave)) >= 20


def said_by(story: Story, who: str) -> list[Line]:
    return [line for line in story.lines.values() if line.who == who]


def test_the_stories_are_all_there(story: Story) -> None:
    lines = story.lines.values()
    assert any("82 ans" in line.text and line.never for line in said_by(story, "mado.brunel"))
    assert sum(line.private for line in lines) >= 2
    assert sum(bool(line.deletes) for line in lines) >= 1
    assert sum(bool(line.edits) for line in lines) >= 1
    assert any(line.quotes for line in lines)
    assert len({line.re for line in said_by(story, "odile.marchetti") if line.re}) >= 5
    assert len(said_by(story, "watt.a.deal")) >= 5
    assert sum(f"@{BRAND}" not in line.text and not line.re for line in lines) >= 15
    assert any(line.re and story.lines[line.re].who == line.who for line in lines)


def test_who_answers_to_kindness_and_to_silence_is_many(story: Story) -> None:
    lines = story.lines.values()
    assert sum(bool(line.in_time) for line in lines) >= 60
    assert sum(bool(line.late) for line in lines) >= 60
    assert sum(bool(line.never) for line in lines) >= 25


def test_the_clock_of_the_story_is_read() -> None:
    assert minutes("08:05") == 485
