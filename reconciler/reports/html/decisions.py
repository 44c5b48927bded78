"""The decisions: thousands of findings as the few groups that can be decided at once."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from reconciler.model.entities import Side
from reconciler.model.findings import Finding
from reconciler.model.staging import shown_key
from reconciler.reports.html.display import Display
from reconciler.reports.html.markup import EMPTY, Html, clipped, element, fill, join
from reconciler.reports.html.words import (
    MAX_LABEL_CHARACTERS,
    SYSTEMS,
    FieldTypeOf,
    both_values,
    entity_name,
    field_name,
    kind_badge,
    label,
    sentence,
)
from reconciler.reports.report import Decision, Explain, Report

SHOWN_DECISIONS: Final = 12


def decisions_section(report: Report, display: Display, explain: Explain, type_of: FieldTypeOf) -> Html:
    """Every group, the largest first; the smaller ones folded away. Empty when there is nothing to decide."""
    groups = report.ranked_decisions
    if not groups:
        return EMPTY
    # One group more would be folded away alone, which takes as much room as showing it.
    shown = len(groups) if len(groups) <= SHOWN_DECISIONS + 1 else SHOWN_DECISIONS
    texts = display.texts
    lead = fill(
        texts.decisions_lead,
        findings=display.count(sum(group.count for group in groups)),
        groups=display.count(len(groups)),
    )
    return element(
        "section",
        element("h2", texts.decisions),
        element("p", lead, class_="lead") if len(groups) > 1 else EMPTY,
        element("ol", *(_card(group, display, explain, type_of) for group in groups[:shown]), class_="decisions"),
        _smaller(groups[shown:], display),
        id="decisions",
    )


def _card(group: Decision, display: Display, explain: Explain, type_of: FieldTypeOf) -> Html:
    texts = display.texts
    where = [element("a", entity_name(group.entity, display), href=f"#{section_id(group.entity)}")]
    if group.field is not None:
        where.append(field_name(group.field, display))
    return element(
        "li",
        element(
            "div",
            element("span", display.count(group.count), class_="decision-count", data_count=str(group.count)),
            element("h3", texts.causes[group.cause]),
            kind_badge(group.kind, display),
            class_="decision-head",
        ),
        element("p", join(where, " · "), class_="where"),
        element("p", sentence(explain(group.examples[0])), class_="why"),
        _examples(group.examples, display, type_of),
        element("p", _owner_words(group, display), class_="note"),
        element("p", texts.list_them, ": ", element("code", _unbroken(command(group))), class_="note command"),
        class_="decision",
    )


def _examples(examples: Sequence[Finding], display: Display, type_of: FieldTypeOf) -> Html:
    items = []
    for finding in examples:
        kind = type_of(finding.entity, finding.field) if finding.field is not None else None
        crm, erp = both_values(finding, kind, display)
        items.append(
            element(
                "li",
                element("code", label(shown_key(finding.key)), class_="key-cell"),
                element("span", element("span", SYSTEMS[Side.CRM], class_="side"), crm, class_="example-side"),
                element("span", element("span", SYSTEMS[Side.ERP], class_="side"), erp, class_="example-side"),
            )
        )
    return element("ul", *items, class_="examples", aria_label=display.texts.examples)


def _owner_words(group: Decision, display: Display) -> Html:
    if group.owner in (Side.CRM.value, Side.ERP.value):
        return join(("★ ", fill(display.texts.owner_is, system=SYSTEMS[Side(group.owner)])))
    return join((display.texts.no_owner,))


def command(group: Decision) -> list[str]:
    """The command that lists the group, quoted for a shell, in parts: the words in front, then each option."""
    options = [("--entity", group.entity), ("--kind", group.kind.value), ("--cause", group.cause.value)]
    if group.field is not None:
        options.insert(1, ("--field", group.field))
    return ["reconciler findings list", *(shlex.join(option) for option in options)]


def section_id(entity: str) -> str:
    """Where the findings of an entity are on the page."""
    return f"findings-{quote(entity, safe='')}"


def _smaller(groups: Sequence[Decision], display: Display) -> Html:
    if not groups:
        return EMPTY
    texts = display.texts
    title = fill(
        texts.more_decisions,
        groups=display.count(len(groups)),
        findings=display.count(sum(group.count for group in groups)),
    )
    return element(
        "details", element("summary", title), element("table", _heads(display), _rows(groups, display), class_="small")
    )


def _heads(display: Display) -> Html:
    texts = display.texts
    names = (texts.columns["cause"], texts.columns["kind"], texts.entity, texts.field, texts.count)
    return element("thead", element("tr", *(element("th", name, scope="col") for name in names)))


def _rows(groups: Sequence[Decision], display: Display) -> Html:
    texts = display.texts
    return element(
        "tbody",
        *(
            element(
                "tr",
                element("td", texts.causes[group.cause], data_label=texts.columns["cause"]),
                element("td", kind_badge(group.kind, display), data_label=texts.columns["kind"]),
                element("td", entity_name(group.entity, display), data_label=texts.entity),
                element("td", field_name(group.field, display) if group.field else "–", data_label=texts.field),
                element(
                    "td",
                    display.count(group.count),
                    class_="number",
                    data_label=texts.count,
                    data_count=str(group.count),
                ),
            )
            for group in groups
        ),
    )


def _unbroken(parts: Sequence[str]) -> Html:
    """Parts that a line may break between and not inside: a lone `--` at the end of a line would be copied wrong."""
    return join((element("span", clipped(part, MAX_LABEL_CHARACTERS), class_="word") for part in parts), " ")
