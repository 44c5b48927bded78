"""The sheets in front: what the run was and how it ended, the groups to decide on, and what was decided."""

from __future__ import annotations

from reconciler.model.entities import Side
from reconciler.model.staging import shown_key
from reconciler.reports.documents import instant
from reconciler.reports.report import Decision, EntityReport, Explain, Report, RunEnding, TaxReport
from reconciler.reports.sheets import Book, Sheet
from reconciler.reports.texts import Texts

_ACCEPTED_WIDTHS = (20, 12, 18, 24, 60)
_DECISION_WIDTHS = (12, 26, 18, 16, 20, 10, 60, 20, 32, 32)


def add_summary(book: Book, report: Report, texts: Texts) -> None:
    """Run, ending, limits, the accounting of every side and the number of findings."""
    sheet = book.add_sheet(texts.summary)
    sheet.set_width(0, 26)
    sheet.set_width(1, 24)
    _add_facts(sheet, report, texts)
    _add_problems(sheet, report, texts)
    _add_taxes(sheet, report.taxes, texts)
    sheet.add_row([])
    _add_accounting(sheet, report, texts)
    sheet.add_row([])
    _add_numbers(sheet, report, texts)


def add_decisions(book: Book, report: Report, texts: Texts, explain: Explain) -> None:
    """Every group, the largest first, with its first example."""
    sheet = book.add_sheet(texts.decisions)
    for column, width in enumerate(_DECISION_WIDTHS):
        sheet.set_width(column, width)
    names = texts.columns
    head = [names[name] for name in ("cause", "kind", "entity", "field", "owner", "explanation", "key")]
    sheet.add_header([texts.count, *head, names["crm_value"], names["erp_value"]])
    for group in report.ranked_decisions:
        sheet.add_row(_decision_row(group, texts, explain))
    if report.decisions:
        sheet.filter_columns()


def add_accepted(book: Book, report: Report, texts: Texts) -> None:
    """What was accepted, by decision and entity. No sheet when nothing is."""
    if not report.acceptances:
        return
    sheet = book.add_sheet(texts.accepted)
    for column, width in enumerate(_ACCEPTED_WIDTHS):
        sheet.set_width(column, width)
    names = [texts.columns[name] for name in ("accepted_until", "accepted_by", "accepted_reason")]
    sheet.add_header([texts.entity, texts.count, *names])
    for each in report.acceptances:
        until = each.until.isoformat() if each.until else texts.while_values_stay
        sheet.add_row([texts.entity_label(each.entity), each.findings, until, each.person, each.reason])
    sheet.filter_columns()


def _add_facts(sheet: Sheet, report: Report, texts: Texts) -> None:
    facts: list[tuple[str, str]] = [
        (texts.title, report.project),
        (texts.run, report.run_id),
        (texts.state, _ending(report, texts)),
        (texts.started, instant(report.started_at)),
        (texts.duration, texts.seconds.format(seconds=f"{report.seconds:.1f}")),
        ("CRM", f"{report.crm.vendor} {report.crm.host}".strip()),
        ("ERP", f"{report.erp.vendor} {report.erp.host}".strip()),
    ]
    for fact in facts:
        sheet.add_texts(fact)


def _ending(report: Report, texts: Texts) -> str:
    words = {RunEnding.PARTIAL: texts.partial, RunEnding.FAILED: texts.failed}.get(report.status)
    title = texts.status_titles[report.status]
    return f"{title}. {words}" if words else title


def _add_problems(sheet: Sheet, report: Report, texts: Texts) -> None:
    for entity in report.entities:
        name = texts.entity_label(entity.name)
        if entity.failure is not None:
            sheet.add_texts([name, f"{texts.not_compared} {entity.failure}"])
        if entity.suspicious is not None:
            sheet.add_texts([name, f"{texts.suspicious_title}: {entity.suspicious}"])
    for warning in report.warnings:
        sheet.add_texts([texts.limits, warning])


def _add_taxes(sheet: Sheet, taxes: TaxReport | None, texts: Texts) -> None:
    if taxes is None:
        return
    if taxes.value_at_stake is None:
        sheet.add_texts([texts.taxes, texts.taxes_not_read])
        return
    words = texts.taxes_lead.format(
        quotes=taxes.quotes,
        calculated=taxes.calculated,
        unavailable=taxes.unavailable,
        drifted=taxes.drifted,
        value=taxes.value_at_stake,
        currency=taxes.currency,
    )
    sheet.add_texts([texts.taxes, words])


def _add_accounting(sheet: Sheet, report: Report, texts: Texts) -> None:
    parts = [texts.pulled, texts.matched, texts.only_here, texts.duplicate, texts.rejected]
    sheet.add_header([texts.entity, texts.side, *parts, texts.check])
    for entity in report.entities:
        for side in Side:
            sheet.add_row(_accounting_row(entity, side, texts))


def _accounting_row(entity: EntityReport, side: Side, texts: Texts) -> list[str | int]:
    name = texts.entity_label(entity.name)
    if entity.counts is None:
        return [name, side.value.upper(), texts.not_compared]
    count = entity.counts.crm if side is Side.CRM else entity.counts.erp
    verdict = texts.adds_up if count.balances else texts.does_not_add_up
    numbers = [count.pulled, count.matched, count.only_here, count.duplicate, count.rejected]
    return [name, side.value.upper(), *numbers, verdict]


def _add_numbers(sheet: Sheet, report: Report, texts: Texts) -> None:
    sheet.add_header([texts.entity, texts.open, texts.new, texts.closed, texts.accepted])
    for entity in report.entities:
        if entity.counts is not None:
            counts = entity.counts
            numbers = [counts.open, counts.new, counts.closed, entity.accepted]
            sheet.add_row([texts.entity_label(entity.name), *numbers])


def _decision_row(group: Decision, texts: Texts, explain: Explain) -> list[str | int]:
    example = group.examples[0]
    return [
        group.count,
        texts.causes[group.cause],
        texts.kinds[group.kind],
        texts.entity_label(group.entity),
        group.field or "",
        (group.owner or "").upper(),
        explain(example),
        shown_key(example.key),
        example.crm.value or "",
        example.erp.value or "",
    ]
