"""The report of a pilot as one frozen object, which three formats are written from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import orjson

from reconciler.reports.languages import texts_of


@dataclass(frozen=True, slots=True)
class PilotCell:
    """One measure on one day.

    Attributes:
        value: None where there was nothing to measure, or nothing was measured.
        met: whether it reaches the criterion; None where nothing is asked.
    """

    value: Decimal | None = None
    sample: int | None = None
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class PilotRow:
    """One measure on every day.

    Attributes:
        criterion: None where none was set.
        good: whether the criterion is a highest or a lowest value.
        cells: one for each day of the report.
    """

    title: str
    unit: str
    meaning: str
    criterion: Decimal | None
    good: Literal["at_most", "at_least"]
    cells: tuple[PilotCell, ...]


@dataclass(frozen=True, slots=True)
class PilotNote:
    """Something that happened or was said: who, when, what, and what became of it."""

    at: datetime
    who: str
    what: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class PilotScenario:
    """What came last of a test scenario. `digest` is that of the file with the evidence, "" where there is none."""

    at: datetime
    who: str
    title: str
    status: Literal["passed", "failed", "refused"]
    expected: str
    seen: str
    digest: str


@dataclass(frozen=True, slots=True)
class PilotReport:
    """A pilot, day by day.

    Attributes:
        verdict: go, no_go or too_early.
        content: digest of the scorecard: what is signed.
        days: as texts, one for each column; those on which the criteria do not hold are in `days_off`.
        document: the scorecard and what goes with it, as JSON.
    """

    project: str
    locale: str
    timezone: str
    verdict: Literal["go", "no_go", "too_early"]
    reasons: tuple[str, ...]
    content: str
    days: tuple[str, ...]
    days_off: frozenset[str]
    rows: tuple[PilotRow, ...]
    signatures: tuple[PilotNote, ...]
    freezes: tuple[PilotNote, ...]
    feedback: tuple[PilotNote, ...]
    declarations: tuple[PilotNote, ...]
    document: dict[str, Any]
    scenarios: tuple[PilotScenario, ...] = ()


@dataclass(frozen=True, slots=True)
class PilotWords:
    """The words of the report in one language."""

    language: str
    title: str
    verdicts: dict[str, str]
    reasons: str
    scorecard: str
    measure: str
    criterion: str
    at_most: str
    at_least: str
    charts: str
    signatures: str
    nobody: str
    content: str
    freezes: str
    feedback: str
    declarations: str
    when: str
    who: str
    what: str
    outcome: str
    day_off: str
    nothing: str
    meanings: str
    scenarios: str
    statuses: dict[str, str]
    expected: str
    seen: str
    evidence: str
    severities: dict[str, str]
    roles: dict[str, str]

    def entity(self, name: str) -> str:
        """Name of an entity, or the name itself where it has none here."""
        return texts_of(self.language).entity_label(name)


_ENGLISH: Final = PilotWords(
    language="en",
    title="Pilot",
    verdicts={"go": "✓ Go", "no_go": "✕ No-go", "too_early": "… Too early to tell"},
    reasons="Why",
    scorecard="Scorecard",
    measure="Measure",
    criterion="Agreed",
    at_most="at most",
    at_least="at least",
    charts="Day by day",
    signatures="Signatures",
    nobody="Nobody has signed this content.",
    content="Content",
    freezes="Stop rules that fired",
    feedback="What participants said",
    declarations="How the pilot was declared",
    when="When",
    who="Who",
    what="What",
    outcome="Outcome",
    day_off="no working day",
    nothing="None.",
    meanings="What is measured",
    scenarios="Test scenarios",
    statuses={"passed": "✓ passed", "failed": "✕ failed", "refused": "– not played"},
    expected="Expected",
    seen="Seen",
    evidence="Evidence (SHA-256)",
    severities={"note": "note", "problem": "problem", "blocker": "blocker"},
    roles={"technical_lead": "technical lead", "scope_owner": "scope owner"},
)
_PORTUGUESE: Final = PilotWords(
    language="pt-BR",
    title="Piloto",
    verdicts={"go": "✓ Seguir", "no_go": "✕ Não seguir", "too_early": "… Cedo demais para dizer"},
    reasons="Por quê",
    scorecard="Placar",
    measure="Medida",
    criterion="Combinado",
    at_most="no máximo",
    at_least="no mínimo",
    charts="Dia a dia",
    signatures="Assinaturas",
    nobody="Ninguém assinou este conteúdo.",
    content="Conteúdo",
    freezes="Regras de parada que dispararam",
    feedback="O que os participantes disseram",
    declarations="Como o piloto foi declarado",
    when="Quando",
    who="Quem",
    what="O quê",
    outcome="Desfecho",
    day_off="sem expediente",
    nothing="Nada.",
    meanings="O que é medido",
    scenarios="Cenários de teste",
    statuses={"passed": "✓ passou", "failed": "✕ falhou", "refused": "– não executado"},
    expected="Esperado",
    seen="Visto",
    evidence="Evidência (SHA-256)",
    severities={"note": "observação", "problem": "problema", "blocker": "impedimento"},
    roles={"technical_lead": "responsável técnico", "scope_owner": "responsável pelo escopo"},
)


def pilot_words(locale: str) -> PilotWords:
    """The words of a locale; English where there are none."""
    return _PORTUGUESE if locale == "pt-BR" else _ENGLISH


def pilot_json(report: PilotReport) -> bytes:
    """The report for programs."""
    return orjson.dumps(report.document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
