import threading

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from vivavoce.desk.workers import pace
from vivavoce.desk.workers.pace import Pace, people_first

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")


@sqlite_only
def test_the_machine_waits_for_a_person_who_writes() -> None:
    own, order = Pace(), []
    writing, tried = threading.Event(), threading.Event()

    def machine() -> None:
        writing.wait(10)
        tried.set()
        with own.turn():
            order.append("machine")

    thread = threading.Thread(target=machine)
    thread.start()
    with own.person():
        writing.set()
        tried.wait(10)
        thread.join(0.05)
        order.append("person")
    thread.join(10)
    assert order == ["person", "machine"]


@sqlite_only
def test_people_who_never_stop_do_not_stop_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PEOPLE_S_MAX", 0.01)
    own = Pace()
    with own.person(), own.turn():
        pass


@sqlite_only
def test_two_turns_are_never_at_once() -> None:
    own, inside, most = Pace(), [], []

    def machine() -> None:
        for _number in range(20):
            with own.turn():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=machine) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert max(most) == 1


@pytest.mark.parametrize(("method", "people"), [("post", 1), ("get", 0)])
def test_only_a_request_that_writes_holds_the_machine_back(method: str, people: int) -> None:
    seen = []

    def view(_request: object) -> HttpResponse:
        seen.append(pace.PACE._people)
        return HttpResponse()

    people_first(view)(getattr(RequestFactory(), method)("/"))
    assert seen == [people]
    assert pace.PACE._people == 0
