"""Corrections for people: tables that fit a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from reconciler.cli.output import plain, print_paragraph, print_table, say, width

_KEY_CHARACTERS = 18
_FIELD_COLUMNS = 22
_VALUE_COLUMNS = 24
_LINE_COLUMNS = 80
_SHOWN_REASONS = 20

Document = Mapping[str, Any]


def print_corrections(documents: Sequence[Document]) -> None:
    """One line for each correction."""
    if not documents:
        return
    print_table(
        ("id", "entity", "key", "side", "action", "n", "state"),
        [
            (
                document["id"][:8],
                document["entity"],
                cut(document["key"], _KEY_CHARACTERS),
                document["side"],
                document["action"],
                len(document["changes"]),
                _state(document),
            )
            for document in documents
        ],
        right=(5,),
    )
    if any(document["problems"] for document in documents):
        say("! the system will not take it as it is; `corrections show` says why, `corrections edit` changes it.")


def print_changes(documents: Iterable[Document]) -> None:
    """Each record, and each field of it that changes: from the value it has to the one it is to have."""
    for document in documents:
        key = plain(document["key"])
        action = "" if document["action"] == "update" else f": {document['action']}"
        typer.echo(f"{document['id'][:8]}  {document['side'].upper()} {document['entity']} {key}{action}")
        changes = [each for each in document["changes"] if each["old"] != each["new"]] or document["changes"]
        for change in changes:
            print_change(change)


def print_change(change: Document) -> None:
    """One field, both values whole: on one line where they fit, otherwise one below the other."""
    place, old, new = _place(change), _value(change["old"]), _value(change["new"])
    edited = f"  (edited by {plain(change['edited_by'])})" if change["edited_by"] else ""
    line = f"    {_padded(place, _FIELD_COLUMNS)} {_padded(old, _VALUE_COLUMNS)} → {new}{edited}"
    if width(line) <= _LINE_COLUMNS:
        typer.echo(line)
        return
    typer.echo(f"    {place}{edited}")
    typer.echo(f"      - {old}")
    typer.echo(f"      + {new}")


def print_totals(totals: Mapping[str, Mapping[str, int]]) -> None:
    """What is written to each system."""
    print_table(
        ("system", "records", "created", "updated", "deactivated", "fields"),
        [
            (side.upper(), *(count[name] for name in ("records", "created", "updated", "deactivated", "fields")))
            for side, count in totals.items()
        ],
        right=(1, 2, 3, 4, 5),
    )


def print_left_out(left: Sequence[Document], what: str) -> None:
    """What was chosen and left out, on stderr, each reason with how often and one example."""
    if not left:
        return
    by_reason: dict[str, list[Document]] = {}
    for document in left:
        by_reason.setdefault(document.get("explanation") or document["why"], []).append(document)
    say(f"{len(left)} {what} left out:")
    for reason, documents in list(by_reason.items())[:_SHOWN_REASONS]:
        first = documents[0]
        more = f" and {len(documents) - 1} more" if len(documents) > 1 else ""
        say(f"  {first['entity']} {first['key']}{more}: {reason}")
    if len(by_reason) > _SHOWN_REASONS:
        say(f"  and {len(by_reason) - _SHOWN_REASONS} other reasons; --json gives all of them.")


def print_desk(documents: Sequence[Document]) -> None:
    """What did not go through, each kind of trouble with what can be done about it."""
    by_trouble: dict[str, list[Document]] = {}
    for document in documents:
        by_trouble.setdefault(document["trouble"], []).append(document)
    for trouble, entries in by_trouble.items():
        typer.echo(f"{trouble}: {len(entries)}")
        print_paragraph(entries[0]["what_to_do"], "  ")
        for document in entries:
            print_trouble(document, document["words"])
        typer.echo()
    if not documents:
        say("Nothing is in trouble.")


def print_trouble(document: Document, why: str) -> None:
    """One correction that is not proved, and the reason."""
    key, side = plain(document["key"]), document["side"].upper()
    typer.echo(f"{document['id'][:8]}  {side} {document['entity']} {key}: {document['state']}")
    if why:
        typer.echo(f"    {plain(why)}")


def print_correction(document: Document) -> None:
    """One correction with its changes, approvals and what happened to it."""
    key, side = plain(document["key"]), document["side"].upper()
    typer.echo(f"{document['id']}  {side} {document['entity']} {key}: {document['action']}")
    approval = document["approval"]
    by = f" by {', '.join(approval['by'])}" if approval["by"] else ""
    typer.echo(f"{document['state']}, proposed by {plain(document['proposed_by'])} at {document['proposed_at']}")
    typer.echo(f"approvals: {len(approval['by'])} of {approval['required']}{plain(by)}")
    if document["state"] == "proposed" and approval["missing"]:
        typer.echo(f"next can be: {plain(', '.join(approval['may_approve'])) or 'nobody'}")
    for words in (document["words"], *document["problems"]):
        if words:
            typer.echo(plain(words))
    typer.echo()
    for change in document["changes"]:
        print_change(change)
    for step in document["steps"]:
        state = f" {step['state']}" if step["state"] else ""
        typer.echo(f"{step['at']}  attempt {step['attempt']}: {step['step']}{state} {plain(step['words'])}".rstrip())


def cut(text: str, characters: int) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _state(document: Document) -> str:
    """The state; with `!` where there are problems, and with how many approvals there are where some are missing."""
    state = str(document["state"])
    if document["problems"]:
        return f"{state} !"
    approval = document.get("approval")
    if state == "proposed" and approval is not None and approval["by"]:
        return f"{state} {len(approval['by'])}/{approval['required']}"
    return state


def _place(change: Document) -> str:
    return str(change["field"]) if change["line"] is None else f"{plain(change['line'])}.{change['field']}"


def _value(value: str | None) -> str:
    return "—" if value is None else plain(value)


def _padded(text: str, columns: int) -> str:
    return text + " " * max(0, columns - width(text))
