"""A notice in the language of the project: one line of subject, and lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.app.notifications.notice import EntityNotice, Notice, Occasion
from reconciler.model.findings import Cause
from reconciler.reports.languages import texts_of
from reconciler.reports.texts import Texts
from reconciler.store.state.records import RunStatus

_CAUSES: Final = {cause.value: cause for cause in Cause}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """`{name}` marks what is filled in."""

    subject: str
    failure: str
    partial: str
    unknown: str
    findings: str
    run: str
    error: str
    not_compared: str
    outcomes: str
    counts: str
    entity: str
    accepted: str
    reopened: str
    corrections: str
    report: str


_ENGLISH: Final = _Words(
    subject="[{project}] {what}",
    failure="the run failed",
    partial="not everything was compared",
    unknown="corrections with an unknown outcome: {unknown}",
    findings="new findings: {new}",
    run="Run {run} of {project} ({stage}), begun {at}: {status}.",
    error="It ended with: {error}. The log of the job tells more.",
    not_compared="Not compared: {names}. Their findings stay as they were.",
    outcomes=(
        "Corrections that were sent and nobody knows whether they were done: {unknown}. Look at the records, then: "
        "reconciler corrections retry."
    ),
    counts="New findings: {new}. Open: {open}.",
    entity="{entity}: {new} new, {open} open",
    accepted="Accepted differences: {accepted}.",
    reopened="Came back because a value changed or their last day has passed: {reopened}.",
    corrections="Corrections proposed: {proposed}; approved without a person: {approved}.",
    report="Report: {report}",
)
_PORTUGUESE: Final = _Words(
    subject="[{project}] {what}",
    failure="a execução falhou",
    partial="nem tudo foi comparado",
    unknown="correções com resultado desconhecido: {unknown}",
    findings="divergências novas: {new}",
    run="Execução {run} de {project} ({stage}), iniciada em {at}: {status}.",
    error="Terminou com: {error}. O log da tarefa diz mais.",
    not_compared="Não comparadas: {names}. Suas divergências ficam como estavam.",
    outcomes=(
        "Correções que foram enviadas e não se sabe se foram feitas: {unknown}. Confira os registros e depois: "
        "reconciler corrections retry."
    ),
    counts="Divergências novas: {new}. Em aberto: {open}.",
    entity="{entity}: {new} novas, {open} em aberto",
    accepted="Divergências aceitas: {accepted}.",
    reopened="Voltaram porque um valor mudou ou o último dia passou: {reopened}.",
    corrections="Correções propostas: {proposed}; aprovadas sem uma pessoa: {approved}.",
    report="Relatório: {report}",
)


def subject(notice: Notice, locale: str) -> str:
    """One line that says what matters most first."""
    words = _words(locale)
    what: dict[Occasion, str] = {
        Occasion.FAILURE: words.failure if notice.status is RunStatus.FAILED else words.partial,
        Occasion.UNKNOWN: words.unknown.format(unknown=notice.unknown),
        Occasion.FINDINGS: words.findings.format(new=notice.new),
    }
    told = ", ".join(what[occasion] for occasion in notice.occasions)
    return words.subject.format(project=notice.project, what=told)


def text(notice: Notice, locale: str) -> str:
    """Lines of plain text, the last one ended."""
    return "\n".join([*_lines(notice, _words(locale), texts_of(locale)), ""])


def _lines(notice: Notice, words: _Words, texts: Texts) -> Iterator[str]:
    yield words.run.format(
        run=notice.run, project=notice.project, stage=notice.stage, at=notice.at, status=_status(notice, texts)
    )
    if notice.error is not None:
        yield words.error.format(error=notice.error)
    if notice.not_compared:
        yield words.not_compared.format(names=", ".join(map(texts.entity_label, notice.not_compared)))
    if notice.unknown:
        yield words.outcomes.format(unknown=notice.unknown)
    if notice.entities:
        yield words.counts.format(new=notice.new, open=notice.open)
        for name, entity in notice.entities.items():
            yield from _entity_lines(name, entity, words, texts)
        yield words.accepted.format(accepted=notice.accepted)
    if notice.reopened:
        yield words.reopened.format(reopened=notice.reopened)
    if notice.proposed or notice.approved:
        yield words.corrections.format(proposed=notice.proposed, approved=notice.approved)
    if notice.report is not None:
        yield words.report.format(report=notice.report)


def _entity_lines(name: str, entity: EntityNotice, words: _Words, texts: Texts) -> Iterator[str]:
    if not entity.new and not entity.open:
        return
    yield f"- {words.entity.format(entity=texts.entity_label(name), new=entity.new, open=entity.open)}"
    for cause, count in entity.by_cause.items():
        known = _CAUSES.get(cause)
        yield f"    {texts.causes[known] if known is not None else cause}: {count}"


def _status(notice: Notice, texts: Texts) -> str:
    return next(
        (title for status, title in texts.status_titles.items() if status.value == notice.status.value),
        notice.status.value,
    )


def _words(locale: str) -> _Words:
    return _PORTUGUESE if locale == "pt-BR" else _ENGLISH
