"""There is one way to corrections: no entrance can go around it, and each that tries is refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.app import correct

_ROOT = Path(reconciler.__file__).parent
_INSIDE = ("app/corrections/", "app/correct.py")
_WRITER = {"RecordWriter", "writer_to", "write_correction", "Applier", "Attempts", "OverlayWrites", "Recovery"}
"""What writes to a system, or makes it seem so."""
_MAY_NAME_THE_WRITER = ("app/wire.py", "connectors/", "corrections/", *_INSIDE)
_DECISIONS = {"add", "edit", "approve", "move", "add_plan", "claim_plan", "release_plan"}
_KEEPERS = {"corrections": _DECISIONS, "withdrawals": {"approvals", "acceptances"}, "journal": {"note"}}
_MAY_DECIDE = ("corrections/", "store/", *_INSIDE)
_PARTS = "reconciler.app.corrections"
_READING = {"listed_corrections", "shown_correction"}
_ENDINGS = ("_corrections", "_correction", "_plan", "_approvals")
_CHANGING = {name for name in correct.__all__ if name.endswith(_ENDINGS)} - _READING


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(_ROOT.rglob("*.py")):
        yield path.relative_to(_ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Module and name of everything imported, wherever in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def _decisions(tree: ast.Module) -> Iterator[str]:
    """Calls such as `state.corrections.approve(…)` and `journal.note(…)`, and such methods handed on uncalled."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        holder = node.value
        name = holder.attr if isinstance(holder, ast.Attribute) else holder.id if isinstance(holder, ast.Name) else ""
        if node.attr in _KEEPERS.get(name, ()):
            yield f"{name}.{node.attr}"


def test_only_the_choke_point_gets_hold_of_what_writes() -> None:
    found = {
        (module, name)
        for module, tree in _modules()
        for _, name in _imports(tree)
        if name in _WRITER and not module.startswith(_MAY_NAME_THE_WRITER)
    }
    assert found == set()


def test_only_the_choke_point_decides_about_corrections() -> None:
    found = {
        (module, decision)
        for module, tree in _modules()
        for decision in _decisions(tree)
        if not module.startswith(_MAY_DECIDE)
    }
    assert found == set()


def test_every_entrance_takes_the_choke_point_and_not_its_parts() -> None:
    found = {
        (module, imported)
        for module, tree in _modules()
        for imported, _ in _imports(tree)
        if imported.startswith(_PARTS) and not module.startswith(_INSIDE)
    }
    assert found == set()


def test_the_service_takes_a_yes_or_a_no_and_nothing_that_plans_or_writes() -> None:
    taken = {
        name
        for module, tree in _modules()
        for imported, name in _imports(tree)
        if module.startswith("service/") and imported == "reconciler.app.correct"
    }
    assert {"approve_corrections", "reject_corrections"} <= taken
    assert not taken & (_CHANGING - {"approve_corrections", "reject_corrections"})


@pytest.mark.parametrize(
    ("around", "found"),
    [
        ("from reconciler.app.wire import writer_to", True),
        ("async def go(state):\n    await state.corrections.approve([])", True),
        ("async def go(workspace):\n    decide = workspace.state.corrections.move", True),
        ("async def go(state):\n    await state.journal.note(step)", True),
        ("async def go(state):\n    await state.withdrawals.approvals(ids)", True),
        ("async def go(state):\n    await state.corrections.count()", False),
    ],
    ids=["imports the writer", "approves", "hands a move on", "journals", "takes approvals back", "only reads"],
)
def test_a_way_around_would_be_seen(around: str, found: bool) -> None:
    tree = ast.parse(around)
    assert bool([*_decisions(tree), *(name for _, name in _imports(tree) if name in _WRITER)]) is found
