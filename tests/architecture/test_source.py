"""What the source itself must not contain: a second way from words to a network."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vivavoce

SOURCE = Path(vivavoce.__file__).parent

COURIER = "desk/workers/courier.py"
CONTRACT = "networks/contract.py"
PERMIT = "networks/permit.py"
SERVICES = "desk/replies/services.py"
PRESENCE = "desk/replies/presence.py"
VIEWS = "desk/replies/views.py"


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Each module that is shipped, without its tests and migrations."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        made = name.endswith((".html.py", "conftest.py"))  # makemessages leaves the first for a moment
        if "/tests/" not in name and "/migrations/" not in name and not made:
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def naming(name: str) -> set[str]:
    """The modules in which a name stands, as a name, an attribute or an import."""
    found = set()
    for module, tree in modules():
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=used) | ast.Attribute(attr=used) | ast.alias(name=used) if used == name:
                    found.add(module)
    return found


def calling(name: str, *, on: str | None = None) -> set[str]:
    """The modules that call a function or method of that name, on a class's manager if one is given."""
    found = set()
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is(node.func, name, on):
                found.add(module)
    return found


def _is(called: ast.expr, name: str, on: str | None) -> bool:
    words = ast.unparse(called).split(".")
    return words[-1] == name and (on is None or words[0] == on)


def test_the_source_is_found() -> None:
    assert {COURIER, CONTRACT, PERMIT, SERVICES, PRESENCE, VIEWS} <= {name for name, _tree in modules()}


def test_only_the_courier_and_the_contract_suite_issue_permits() -> None:
    users = set()
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "vivavoce.networks.permit":
                users |= {module for alias in node.names if alias.name in {"issue", "*", "_live"}}
            if isinstance(node, ast.ImportFrom) and node.module == "vivavoce.networks":
                users |= {module for alias in node.names if alias.name == "permit"}
            if isinstance(node, ast.Import):
                users |= {module for alias in node.names if alias.name == "vivavoce.networks.permit"}
    assert users == {COURIER, CONTRACT}


def test_nobody_looks_into_the_permits_of_others() -> None:
    assert naming("_live") == {PERMIT}


def test_only_the_courier_sends() -> None:
    outside = {module for module in calling("send") if not module.startswith("networks/")}
    assert outside == {COURIER}


@pytest.mark.parametrize(
    ("model", "maker"),
    [("Reply", SERVICES), ("Presence", PRESENCE), ("Challenge", PRESENCE), ("Link", "desk/replies/chain.py")],
)
def test_what_lets_words_leave_is_made_in_one_place(model: str, maker: str) -> None:
    made = set()
    for verb in ("create", "bulk_create", "get_or_create", "update_or_create"):
        made |= calling(verb, on=model)
    assert made == {maker}
    assert calling(model) == set()


def test_only_the_form_for_sending_sends() -> None:
    assert calling("reply_send") == {VIEWS}
    assert naming("presence_take") <= {PRESENCE, SERVICES}


def test_a_window_of_presence_is_opened_by_a_form_or_a_sign_in_alone() -> None:
    assert calling("window_open") == {VIEWS, "desk/replies/window.py"}
    assert calling("OpenWindow") == {"desk/replies/window.py"}


def test_allauths_own_idea_of_recent_presence_is_never_asked() -> None:
    for name in ("did_recently_reauthenticate", "is_reauthentication_required"):
        assert naming(name) == set(), name
    # It may guard how somebody signs in (true for who has nothing yet is right there), and never a reply.
    assert naming("reauthentication_required") == {"desk/team/urls.py"}


def test_nothing_deletes_a_post_a_reading_or_the_ledger() -> None:
    for model in (
        "Post",
        "Reading",
        "Correction",
        "LedgerEntry",
        "Reply",
        "Presence",
        "Link",
        "Conversation",
        "Person",
    ):
        assert calling("delete", on=model) == set(), model
