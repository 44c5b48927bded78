"""What probing one system told: grades of its ports, how calls stand, entities, limits of the integration. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from reconciler.app.check import EntityCheck, SystemCheck
from reconciler.ports.http.standing import CallStanding
from tui.session import Session
from tui.status import LOOKS, Status, glyph, shown
from tui.text import plain
from tui.widgets.sections import columns

if TYPE_CHECKING:
    from reconciler.app.taxes import DeskStanding


def status_of(system: SystemCheck) -> Status:
    """How a system stands after it was probed."""
    if not system.reachable:
        return Status.DOWN
    return Status.HEALTHY if system.readable else Status.LIMITED


def system_details(system: SystemCheck, session: Session, room: int) -> list[Content]:
    """Lines that tell everything about a system.

    Args:
        room: cells of a line.
    """
    return [
        *_head(system, session),
        *_ports(system, session, room),
        *_calls(system.calls, session),
        *_entities(system, session, room),
        *_limits(system, session),
    ]


def _head(system: SystemCheck, session: Session) -> Iterator[Content]:
    texts = session.texts
    grade = texts("systems.grade", grade=system.grade)
    yield Content.assemble(
        plain(f"{system.side.upper()}  {system.title} ({system.vendor})  ", "bold"),
        shown(status_of(system), texts, ascii_only=session.ascii_only),
        plain(f"  {grade}", "bold"),
    )
    if system.failure:
        yield plain(f"! {texts.said(system.failure)}", "$text-error")


def _ports(system: SystemCheck, session: Session, room: int) -> Iterator[Content]:
    yield plain(session.texts("systems.ports"), "bold $text-primary")
    for line in columns(
        [(f"{each.rank}.", each.port, each.grade, session.texts.said(each.why)) for each in system.ports], room=room
    ):
        yield plain(line)


def _calls(calls: CallStanding | None, session: Session, sent: str = "systems.sent") -> Iterator[Content]:
    """Throttle and breaker."""
    texts = session.texts
    if calls is None:
        return
    yield plain(texts("systems.calls"), "bold $text-primary")
    limits = [texts("systems.rate", calls=rate.calls, seconds=f"{rate.per_s:g}") for rate in calls.rates]
    told = ", ".join(limits) or texts("systems.no_rate")
    yield plain(texts("systems.throttle", rates=told, concurrency=calls.concurrency))
    waited = texts.age(timedelta(seconds=calls.waited_s))
    yield plain(texts(sent, requests=calls.requests, retries=calls.retries, waited=waited))
    if calls.blocked_until is not None:
        yield plain(texts("systems.blocked", until=texts.moment(calls.blocked_until)), LOOKS[Status.DOWN].tone)
    status = Status.DOWN if calls.breaker_open else Status.LIMITED if calls.errors_in_a_row else Status.HEALTHY
    sign = glyph(status, ascii_only=session.ascii_only)
    word = texts("systems.breaker_open" if calls.breaker_open else "systems.breaker_closed")
    yield plain(texts("systems.breaker", state=f"{sign} {word}", errors=calls.errors_in_a_row), LOOKS[status].tone)


def desk_details(desk: tuple[datetime, DeskStanding] | None, session: Session) -> Iterator[Content]:
    """Throttle and breaker of the tax desk, as they stood when taxes were last asked here."""
    texts = session.texts
    yield plain(texts("systems.desk"), "bold $text-primary")
    if desk is None:
        yield plain(texts("systems.desk_unused"), "$text-muted")
        return
    at, standing = desk
    yield plain(texts("systems.desk_at", at=texts.moment(at)), "$text-muted")
    limits = {"deadline": f"{standing.deadline_s:g}", "at_once": standing.at_once}
    yield plain(texts("systems.desk_limits", **limits))
    status = Status.DOWN if standing.circuit != "closed" else Status.LIMITED if standing.failures else Status.HEALTHY
    sign = glyph(status, ascii_only=session.ascii_only)
    word = texts(f"systems.circuit.{standing.circuit}")
    yield plain(texts("systems.desk_breaker", state=f"{sign} {word}", failures=standing.failures), LOOKS[status].tone)
    if standing.retry_in_s is not None:
        yield plain(texts("systems.desk_retry", seconds=f"{standing.retry_in_s:.0f}"), LOOKS[Status.DOWN].tone)
    yield from _calls(standing.calls, session, "systems.desk_sent")


def _entities(system: SystemCheck, session: Session, room: int) -> Iterator[Content]:
    if not system.entities:
        return
    texts = session.texts
    names = ("entity", "read", "total", "rejected", "verified", "can")
    heads = [texts(f"systems.head.{name}") for name in names]
    rows = [heads, *(_entity(name, entity, session) for name, entity in system.entities.items())]
    troubles = ["", *(_trouble(entity, session) for entity in system.entities.values())]
    yield plain(texts("systems.entities"), "bold $text-primary")
    for position, row in enumerate(columns(rows, right=frozenset({1, 2, 3}), room=room)):
        yield plain(row, "$text-muted" if position == 0 else "")
        if troubles[position]:
            yield plain(f"  ! {troubles[position]}", "$text-warning")


def _entity(name: str, entity: EntityCheck, session: Session) -> list[str]:
    texts = session.texts
    return [
        session.words.entity_label(name),
        texts.number(entity.read),
        "?" if entity.total is None else texts.number(entity.total),
        texts.number(entity.rejected),
        texts.said(entity.verified),
        ", ".join(texts.said(ability) for ability in entity.abilities),
    ]


def _trouble(entity: EntityCheck, session: Session) -> str:
    return session.texts.said(entity.failure) if entity.failure else _unreadable(entity, session)


def _unreadable(entity: EntityCheck, session: Session) -> str:
    told = [session.texts("systems.unreadable", field=name, count=count) for name, count in entity.unreadable.items()]
    return ", ".join(told)


def _limits(system: SystemCheck, session: Session) -> Iterator[Content]:
    yield plain(session.texts("systems.limits"), "bold $text-primary")
    if not system.limits:
        yield plain(session.texts("systems.no_limits"), "$text-muted")
    for limit in system.limits:
        yield plain(f"- {session.texts.said(limit)}")
