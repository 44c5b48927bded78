"""What the commands of the pilot tell people, in the language of the project: who runs a pilot reads its language.

JSON, exit codes, options and help are the same for everybody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import typer

from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.wire import Workspace

T = TypeVar("T")
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    # Stages.
    "stage": (
        "Stage in force: {stage}; the project file names {file_stage}.",
        "Estágio em vigor: {stage}; o arquivo do projeto indica {file_stage}.",
    ),
    "frozen_since": ("FROZEN since {at}: {rule}.", "CONGELADO desde {at}: {rule}."),
    "pilot_started": ("Pilot {number}, started {at}.", "Piloto {number}, iniciado em {at}."),
    "another_pilot": (" [pilot] is another now.", " [pilot] agora é outro."),
    "writes_today": (
        "Records begun to be written today: {begun} of {most}.",
        "Registros cuja gravação começou hoje: {begun} de {most}.",
    ),
    "to_be_promoted": ("To be promoted to “{stage}”:", "Para ser promovido a “{stage}”:"),
    "nothing_missing": (" nothing is missing.", " nada falta."),
    "declared": (
        "Pilot {number} is declared; its declaration is {declaration}.",
        "O piloto {number} está declarado; a sua declaração é {declaration}.",
    ),
    "stands_now": (
        "The project stands at “{to}” now; before at “{before}”.",
        "O projeto está agora em “{to}”; antes em “{before}”.",
    ),
    "lifted": (
        "Writes are not frozen any more. The rule was: {rule}",
        "As gravações não estão mais congeladas. A regra era: {rule}",
    ),
    # Headings.
    "scenario": ("scenario", "cenário"),
    "last": ("last", "último"),
    "at": ("at (UTC)", "em (UTC)"),
    "person": ("person", "pessoa"),
    "stage_heading": ("stage", "estágio"),
    "seen": ("seen", "visto"),
    "from": ("from", "de"),
    "to": ("to", "para"),
    "reason": ("reason", "motivo"),
    "result": ("result", "resultado"),
    "seconds": ("seconds", "segundos"),
    "measure_on": ("measure on {day}", "medida em {day}"),
    "value": ("value", "valor"),
    "sample": ("sample", "amostra"),
    "criterion": ("criterion", "critério"),
    "id": ("id", "id"),
    "who": ("who", "quem"),
    "severity": ("severity", "gravidade"),
    "about": ("about", "sobre"),
    "status": ("status", "situação"),
    "text": ("text", "texto"),
    # Scenarios.
    "passed": ("PASSED", "PASSOU"),
    "failed": ("FAILED", "FALHOU"),
    "refused": ("REFUSED", "RECUSADO"),
    "expected": ("expected: {text}", "esperado: {text}"),
    "seen_instead": ("seen: {text}", "visto: {text}"),
    "why": ("why: {text}", "por quê: {text}"),
    "evidence": ("evidence: {path}", "evidência: {path}"),
    "listed_expected": ("Expected: {text}", "Esperado: {text}"),
    "not_played_now": ("Not played now: {why}.", "Não executado agora: {why}."),
    "listed_last": (
        "Last: {status} on {at} (UTC) by {person}: {seen}",
        "Último: {status} em {at} (UTC) por {person}: {seen}",
    ),
    "done": ("Done? [Enter] ", "Feito? [Enter] "),
    # The week.
    "met": ("met", "cumprido"),
    "not_met": ("NOT MET", "NÃO CUMPRIDO"),
    "rehearsed": (
        "would be written: {would_be}; left out: {left_out}",
        "seriam gravadas: {would_be}; ficam de fora: {left_out}",
    ),
    "applied": ("applied: {counts}", "gravadas: {counts}"),
    "stop_rule": ("STOP RULE: {rule}", "REGRA DE PARADA: {rule}"),
    "frozen_now": ("Writes are frozen now.", "As gravações estão congeladas agora."),
    "warning": ("warning: {text}", "aviso: {text}"),
    "go": ("GO", "SEGUIR"),
    "no_go": ("NO-GO", "NÃO SEGUIR"),
    "too_early": ("TOO EARLY", "CEDO DEMAIS"),
    "content": ("content to be signed: {content}", "conteúdo a assinar: {content}"),
    "signed_at": ("signed as {role} by {person} at {at}", "assinado como {role} por {person} em {at}"),
    "signed": ("Signed as {role} by {person}.", "Assinado como {role} por {person}."),
    "report_at": ("{kind} report: {path}", "Relatório {kind}: {path}"),
    "technical_lead": ("technical lead", "responsável técnico"),
    "scope_owner": ("scope owner", "responsável pelo escopo"),
    # What participants say.
    "kept": ("Kept as {id}.", "Guardado como {id}."),
    "closed": ("{id} is closed: {answer}", "{id} está encerrado: {answer}"),
    "status.open": ("open", "aberto"),
    "status.closed": ("closed", "encerrado"),
    "severity.note": ("note", "observação"),
    "severity.problem": ("problem", "problema"),
    "severity.blocker": ("blocker", "impedimento"),
}


class PilotTexts:
    """The texts in one language; English where there is no such language.

    Args:
        locale: of the project.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._place = int(locale.lower().startswith("pt"))

    def __call__(self, name: str, **values: object) -> str:
        """One text. Values stand in it as they are."""
        return _TEXTS[name][self._place].format(**values)

    def said(self, text: str) -> str:
        """A sentence from below in that language, as far as it is known there."""
        from reconciler.phrases.languages import in_language

        return in_language(text, self.locale)

    def rules(self, kept: str) -> str:
        """Stop rules that fired."""
        from reconciler.pilot.stopping import rules_in_language

        return rules_in_language(kept, self.locale)

    def entity(self, name: str) -> str:
        """What people call an entity; in English its canonical name."""
        from reconciler.reports.languages import texts_of

        return texts_of(self.locale).entity_label(name) if self._place else name

    def measure(self, name: str) -> str:
        """What people call a measure; in English the name that the project file has for it."""
        from reconciler.pilot.measures import MEASURES

        return MEASURES[name].title_pt if self._place else name  # type: ignore[index]  # a document's own names


def with_texts(context: typer.Context, work: Callable[[Workspace], Awaitable[T]]) -> tuple[T, PilotTexts]:
    """What `with_workspace` gives, and the texts in the language of that project. Raises as it."""

    async def both(workspace: Workspace) -> tuple[T, PilotTexts]:
        return await work(workspace), PilotTexts(workspace.project.file.project.locale)

    return with_workspace(context, both)
