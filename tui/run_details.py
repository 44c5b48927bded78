"""One run in full: the accounting identity, findings by cause, what limits it, its reports. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from textual.content import Content

from reconciler.model.entities import Side
from reconciler.store.state.records import RunRecord
from tui.overview import run_line
from tui.session import Session
from tui.status import LOOKS, Status, glyph, shown
from tui.text import plain
from tui.widgets.sections import columns

_COUNTS: Final = ("pulled", "matched", "only_here", "duplicate", "rejected")
_CAUSES_SHOWN: Final = 10


def run_details(record: RunRecord, session: Session, room: int) -> list[Content]:
    """Lines that tell everything about a run.

    Args:
        room: cells of a line.
    """
    return [
        *_head(record, session),
        *_limits(record, session),
        *_accounting(record, session, room),
        *_causes(record, session, room),
        *_reports(record, session),
    ]


def _head(record: RunRecord, session: Session) -> Iterator[Content]:
    texts, line = session.texts, run_line(record)
    kind = texts("runs.kind_full" if record.full else "runs.kind_changes")
    took = "" if line.seconds is None else texts("runs.took", seconds=f"{line.seconds:.1f}")
    yield Content.assemble(
        plain(f"{record.id}  ", "bold"), shown(line.status, texts, ascii_only=session.ascii_only), plain(f"  {kind}")
    )
    yield plain(f"{texts.moment(record.started_at)}  {took}".rstrip(), "$text-muted")
    if line.status is Status.RUNNING:
        yield plain(texts("runs.by_process", pid=record.pid, host=record.host), "$text-muted")


def _limits(record: RunRecord, session: Session) -> Iterator[Content]:
    document = record.document or {}
    error = document.get("error")
    if isinstance(error, Mapping):
        told = session.texts.said(str(error.get("message", "")))
        yield plain(f"! {told} ({error.get('code', '')})", "$text-error")
    for name, entity in _entities(record).items():
        label = session.words.entity_label(name)
        for part in ("failure", "suspicious"):
            if entity.get(part):
                yield plain(f"! {label}: {session.texts.said(str(entity[part]))}", "$text-warning")
    warnings = document.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        yield plain(f"! {session.texts.said(str(warning))}", "$text-warning")


def _accounting(record: RunRecord, session: Session, room: int) -> Iterator[Content]:
    """Pulled = matched + only here + duplicate + rejected, for each side, with the sign that it adds up."""
    texts, words = session.texts, session.words
    compared = {name: entity for name, entity in _entities(record).items() if entity.get("crm") and entity.get("erp")}
    if not compared:
        return
    heads = [texts(f"runs.head.{name}") for name in ("side", *_COUNTS, "check")]
    for name, entity in compared.items():
        findings = entity.get("findings") or {}
        counts = {each: texts.number(int(findings.get(each, 0))) for each in ("new", "open", "closed")}
        yield plain("")
        yield plain(f"{words.entity_label(name)}  {texts('runs.counts', **counts)}", "bold $text-primary")
        rows = [heads, *(_side(side, entity[side.value], session) for side in Side)]
        for position, row in enumerate(columns(rows, right=frozenset(range(1, 6)), room=room)):
            adds_up = position == 0 or _balances(entity[tuple(Side)[position - 1].value])
            yield plain(row, "$text-muted" if position == 0 else "" if adds_up else LOOKS[Status.FAILED].tone)


def _side(side: Side, counts: Mapping[str, Any], session: Session) -> list[str]:
    texts = session.texts
    numbers = [texts.number(int(counts.get(name, 0))) for name in _COUNTS]
    sign = Status.APPROVED if _balances(counts) else Status.FAILED
    word = texts("runs.adds_up" if sign is Status.APPROVED else "runs.does_not_add_up")
    return [side.value.upper(), *numbers, f"{glyph(sign, ascii_only=session.ascii_only)} {word}"]


def _balances(counts: Mapping[str, Any]) -> bool:
    pulled, *parts = (int(counts.get(name, 0)) for name in _COUNTS)
    return pulled == sum(parts)


def _causes(record: RunRecord, session: Session, room: int) -> Iterator[Content]:
    words, texts = session.words, session.texts
    labels: dict[str, str] = {cause.value: word for cause, word in words.causes.items()}
    found: Counter[str] = Counter()
    for entity in _entities(record).values():
        found.update((entity.get("findings") or {}).get("by_cause") or {})
    if not found:
        return
    yield plain("")
    yield plain(texts("runs.causes"), "bold $text-primary")
    rows = [(labels.get(cause, cause), texts.number(count)) for cause, count in found.most_common(_CAUSES_SHOWN)]
    for row in columns(rows, right=frozenset({1}), room=room):
        yield plain(row)


def _reports(record: RunRecord, session: Session) -> Iterator[Content]:
    reports = (record.document or {}).get("reports")
    if not isinstance(reports, Mapping) or not reports:
        return
    yield plain("")
    yield plain(session.texts("runs.reports"), "bold $text-primary")
    for kind, path in reports.items():
        yield plain(f"{str(kind).upper():<5} {path}")


def _entities(record: RunRecord) -> Mapping[str, Any]:
    entities = (record.document or {}).get("entities")
    return entities if isinstance(entities, Mapping) else {}
