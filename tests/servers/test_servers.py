"""The servers that the other tests stand on: each is used once here, for real."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.servers import fixtures
from tests.servers.fault_proxy import FaultProxy
from tests.servers.jetstream import Jetstream
from tests.servers.network import Network
from tests.servers.pds import Pds, Ref
from tests.servers.postgres import Postgres
from tests.servers.process import MissingPartError

CHECKOUT = Path(__file__).parents[2]
POSTS = "app.bsky.feed.post"
WAIT_S_MAX = 10


def next_commit(stream: ClientConnection) -> dict[str, Any]:
    while True:  # news of identities and accounts comes to everybody, whatever they asked for
        event: dict[str, Any] = json.loads(stream.recv(timeout=WAIT_S_MAX))
        if event["kind"] == "commit":
            return event


def wait_until_remembered(stream: Jetstream, ref: Ref) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not any(event["commit"]["rkey"] == ref.rkey for event in stream.events() if "commit" in event):
        assert time.monotonic() < deadline, stream.events()
        time.sleep(0.01)


@pytest.mark.pds
def test_a_reply_posted_on_the_pds_is_read_back_with_its_parent(pds: Pds) -> None:
    asker, brand = pds.create_account("asker-readback"), pds.create_account("brand-readback")
    question = pds.post(asker, f"@{brand.handle} is the shop open?", mentions=(brand,))
    pds.post(brand, "Yes, until six.", parent=question)
    (answer,) = pds.records(brand)
    assert answer["value"]["text"] == "Yes, until six."
    assert answer["value"]["reply"]["parent"] == question.json()


@pytest.mark.pds
def test_a_killed_pds_comes_back_on_the_same_port_with_its_data(own_pds: Pds) -> None:
    account = own_pds.create_account("survivor")
    kept = own_pds.post(account, "Still here.")
    own_pds.kill()
    with pytest.raises(httpx.ConnectError):
        own_pds.records(account)
    own_pds.start()
    assert [record["uri"] for record in own_pds.records(account)] == [kept.uri]
    own_pds.restart()
    own_pds.post(account, "And the old session still posts.")
    assert len(own_pds.records(account)) == 2


@pytest.mark.pds
def test_jetstream_delivers_a_post_with_its_image_its_edit_and_its_deletion(pds: Pds, jetstream: Jetstream) -> None:
    account = pds.create_account("streamer")
    image = pds.upload_blob(account, b"\x89PNG\r\n\x1a\n", "image/png")
    embed = {"$type": "app.bsky.embed.images", "images": [{"image": image, "alt": "a dot"}]}
    with connect(f"{jetstream.url}?wantedCollections={POSTS}&wantedDids={account.did}") as stream:
        ref = pds.post(account, "Voilà.", embed=embed)
        created = next_commit(stream)
        pds.put_record(account, POSTS, ref.rkey, {"text": "Voilà !", "createdAt": "2026-11-22T12:00:00Z"})
        pds.delete(account, ref)
        updated, deleted = next_commit(stream), next_commit(stream)
    assert created["did"] == account.did
    assert created["commit"]["cid"] == ref.cid
    assert created["commit"]["record"]["embed"] == embed
    assert updated["commit"]["record"]["text"] == "Voilà !"
    assert {"operation": "delete", "collection": POSTS, "rkey": ref.rkey}.items() <= deleted["commit"].items()
    assert "record" not in deleted["commit"]
    assert created["time_us"] < updated["time_us"] < deleted["time_us"]


@pytest.mark.pds
def test_jetstream_replays_from_the_cursor_itself_and_from_what_it_remembers_when_it_forgot(pds: Pds) -> None:
    account = pds.create_account("replayer")
    with Jetstream(pds.firehose_url, memory_events_max=2) as jetstream:
        refs = [pds.post(account, f"Number {number}.") for number in range(3)]
        wait_until_remembered(jetstream, refs[2])
        with connect(f"{jetstream.url}?cursor=1") as stream:
            second, third = next_commit(stream), next_commit(stream)
        with connect(f"{jetstream.url}?cursor={third['time_us']}") as stream:
            again = next_commit(stream)
    assert [event["commit"]["rkey"] for event in (second, third)] == [refs[1].rkey, refs[2].rkey]
    assert again == third


@pytest.mark.pds
def test_jetstream_cuts_connections_and_loses_nothing_while_the_pds_restarts(own_pds: Pds) -> None:
    account = own_pds.create_account("restarter")
    with Jetstream(own_pds.firehose_url) as jetstream:
        with connect(jetstream.url) as stream:
            own_pds.post(account, "Before.")
            before = next_commit(stream)
            jetstream.drop_connections()
            with pytest.raises(ConnectionClosed):
                stream.recv(timeout=WAIT_S_MAX)
        own_pds.kill()
        own_pds.start()
        after = own_pds.post(account, "After.")
        with connect(f"{jetstream.url}?cursor={before['time_us'] + 1}") as stream:
            assert next_commit(stream)["commit"]["rkey"] == after.rkey


@pytest.mark.pds
def test_jetstream_refuses_what_the_public_service_refuses(jetstream: Jetstream) -> None:
    many = "&".join(f"wantedCollections=test.many.n{number}" for number in range(101))
    with pytest.raises(InvalidStatus), connect(f"{jetstream.url}?{many}"):
        pass


@pytest.mark.pds
def test_the_proxy_limits_fails_and_then_forwards(pds: Pds, fault_proxy: FaultProxy) -> None:
    fault_proxy.rate_limit("describeServer", retry_after_s=7)
    fault_proxy.fail("describeServer")
    address = f"{fault_proxy.url}/xrpc/com.atproto.server.describeServer"
    limited, failed, answered = (httpx.get(address) for _ in range(3))
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert 0 <= int(limited.headers["ratelimit-reset"]) - int(time.time()) <= 7
    assert failed.json()["error"] == "InternalServerError"
    assert answered.json() == httpx.get(f"{pds.url}/xrpc/com.atproto.server.describeServer").json()
    assert [seen.forwarded for seen in fault_proxy.seen] == [False, False, True]


@pytest.mark.pds
@pytest.mark.parametrize("way", ["drop_answer", "hang"])
def test_the_proxy_loses_the_answer_after_the_send_arrived(pds: Pds, fault_proxy: FaultProxy, way: str) -> None:
    account = pds.create_account(f"lost-{way.replace('_', '-')}")
    getattr(fault_proxy, way)("createRecord")
    record = {"$type": POSTS, "text": "Did it arrive?", "createdAt": "2026-11-22T12:00:00Z"}
    with pytest.raises(httpx.TransportError):
        httpx.post(
            f"{fault_proxy.url}/xrpc/com.atproto.repo.createRecord",
            json={"repo": account.did, "collection": POSTS, "record": record},
            headers={"Authorization": f"Bearer {account.access_jwt}"},
            timeout=2,
        )
    assert [found["value"]["text"] for found in pds.records(account)] == ["Did it arrive?"]


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["stop", "kill"])
def test_postgres_keeps_what_was_committed_when_it_stops_or_is_killed(own_postgres: Postgres, way: str) -> None:
    dsn = own_postgres.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE TABLE kept AS SELECT 'état' AS word")
    getattr(own_postgres, way)()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    own_postgres.start()
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT upper(word) FROM kept").fetchall() == [("ÉTAT",)]


@pytest.mark.appview
def test_the_appview_notifies_a_mention_and_a_reply_and_shows_the_thread(bluesky_network: Network) -> None:
    asker, brand = (bluesky_network.create_account(name) for name in ("asker", "brand"))
    pds = bluesky_network.pds
    question = pds.post(asker, f"Hello @{brand.handle}, is it open?", mentions=(brand,))
    (mention,) = bluesky_network.wait_for(lambda: bluesky_network.notifications(brand))
    answer = pds.post(brand, "Yes.", parent=question)
    (reply,) = bluesky_network.wait_for(lambda: bluesky_network.notifications(asker))
    thread = pds.query("app.bsky.feed.getPostThread", brand, uri=question.uri)["thread"]
    assert (mention["reason"], mention["uri"]) == ("mention", question.uri)
    assert (reply["reason"], reply["uri"]) == ("reply", answer.uri)
    assert [post["post"]["uri"] for post in thread["replies"]] == [answer.uri]


@pytest.mark.appview
def test_the_appview_follows_a_pds_that_was_killed_and_came_back(bluesky_network: Network) -> None:
    account = bluesky_network.create_account("comeback")
    bluesky_network.pds.kill()
    bluesky_network.pds.start()
    ref = bluesky_network.pds.post(account, "Back again.")
    assert bluesky_network.wait_for_post(account, ref)["record"]["text"] == "Back again."


@pytest.mark.browser
def test_chromium_opens_a_page_and_runs_its_script(chromium_browser: Browser) -> None:
    with chromium_browser.new_context(locale="fr-FR") as context:
        page = context.new_page()
        page.set_content("<h1>…</h1><script>document.querySelector('h1').textContent = navigator.language</script>")
        assert page.get_by_role("heading").inner_text() == "fr-FR"


def runs(pid: str) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in {"", "Z"}  # an ended process may wait for its parent


STARTER = """
import pathlib, sys, time
from tests.servers.pds import Plc
from tests.servers.postgres import Postgres
plc, postgres = Plc(pathlib.Path(sys.argv[1])), Postgres()
print(plc.pid, postgres.pid, postgres.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.pds
@pytest.mark.postgres
def test_servers_end_when_the_tests_that_started_them_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        plc, postgres, folder = tests.stdout.readline().split()
        assert all(runs(pid) for pid in (plc, postgres))
        os.kill(tests.pid, signal.SIGKILL)
    deadline = time.monotonic() + WAIT_S_MAX
    while any(runs(pid) for pid in (plc, postgres)):
        assert time.monotonic() < deadline, "a server outlived the tests"
        time.sleep(0.05)
    shutil.rmtree(folder)


def test_a_missing_part_skips_aloud_and_fails_where_nothing_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fixtures.NOTHING_SKIPPED, raising=False)
    error = MissingPartError("install it")
    with pytest.raises(pytest.skip.Exception, match="install it"), fixtures.needed():
        raise error
    monkeypatch.setenv(fixtures.NOTHING_SKIPPED, "1")
    with pytest.raises(pytest.fail.Exception, match="install it"), fixtures.needed():
        raise error
