"""Taxes of a would-be quote, or of a quote of the CRM, asked from the ERP now."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import orjson

from reconciler.app.calendar import Calendar
from reconciler.app.known_ids import SnapshotIds
from reconciler.app.quote_reading import read_quote
from reconciler.app.tax_records import key_entries
from reconciler.app.wire import Workspace, connector_to, load_descriptions
from reconciler.connectors.connector import Connector
from reconciler.connectors.description import Description
from reconciler.connectors.tax.call import TaxCall
from reconciler.connectors.tax.identities import Identities
from reconciler.connectors.tax.reader import TaxReader
from reconciler.errors import RefusedError
from reconciler.model.entities import Side
from reconciler.model.taxes import TaxQuestion
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.client import HttpPort
from reconciler.ports.http.standing import CallStanding
from reconciler.project import Project
from reconciler.taxes.answer import Delivery, answer_document
from reconciler.taxes.checks import CheckPolicy
from reconciler.taxes.lookup import LookupSettings, TaxLookup
from reconciler.taxes.observer import LookupObserver
from reconciler.taxes.request import question_of

_ATTEMPTS: Final = 2
"""Requests for one call: after a blip it is made once more, and anything longer is past the deadline anyway."""

_ERP: Final = Side.ERP.value


@dataclass(frozen=True, slots=True)
class TaxAnswer:
    """What was asked and what came.

    Attributes:
        document: the answer as CONTRACT.md has it.
    """

    question: TaxQuestion
    delivery: Delivery
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeskStanding:
    """How the desk stands with the ERP at a moment.

    Attributes:
        circuit: `closed`, `open` or `half_open`.
        failures: in a row.
        retry_in_s: how long nobody asks; None where one may.
        at_once: conversations at the same time.
        calls: throttle and errors of the connection; None where the ERP is not called over HTTP.
    """

    circuit: str
    failures: int
    retry_in_s: float | None
    deadline_s: float
    at_once: int
    calls: CallStanding | None


@dataclass(frozen=True, slots=True)
class TaxDesk:
    """Answers questions about taxes, for one project.

    Attributes:
        system: name of the ERP's description.
        lookup: open as long as the desk is.
        calls: how calls to the ERP stand.
    """

    project: Project
    system: str
    lookup: TaxLookup
    calls: Callable[[], CallStanding | None] = lambda: None
    calendar: Calendar = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "calendar", Calendar(self.project.time_zone))

    async def look_up(self, document: object, *, allow_stale: bool = False) -> TaxAnswer:
        """The taxes of a would-be quote, given as decoded JSON.

        Raises:
            WrongQuoteError: the quote is wrong, or names a customer or product the ERP does not know.
            ConfigurationError: the description or the project lacks something.
        """
        question = self.question(document)
        delivery = await self.lookup.taxes_of(question, allow_stale=allow_stale)
        answer = self.document(question, delivery)
        return TaxAnswer(question, delivery, answer)

    def standing(self) -> DeskStanding:
        """Breaker and throttle now."""
        breaker, section = self.lookup.breaker, self.project.file.taxes
        return DeskStanding(
            breaker.circuit.value,
            breaker.failures,
            breaker.retry_in_s(),
            section.deadline_s,
            section.concurrency,
            self.calls(),
        )

    def today(self) -> date:
        """The day taxes are asked for where a quote names none."""
        return self.calendar.today()

    def question(self, document: object) -> TaxQuestion:
        """What a would-be quote asks.

        Raises:
            WrongQuoteError: the quote is wrong.
        """
        return question_of(document, self.today())

    def document(
        self, question: TaxQuestion, delivery: Delivery, amounts: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer as CONTRACT.md has it; `amounts` as `answer_document` takes them."""
        section = self.project.file.project
        return answer_document(
            question,
            delivery,
            system=self.system,
            currency=section.currency,
            language=section.locale,
            amounts=amounts,
        )


@asynccontextmanager
async def open_taxes(
    workspace: Workspace,
    *,
    for_one: bool = False,
    observer: LookupObserver | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> AsyncIterator[TaxDesk]:
    """A desk with a connection of its own to the ERP, which is made by the first question.

    Args:
        for_one: there is one question: what takes longer than its deadline serves nobody. A login that does may still
            serve later questions otherwise.
        observer: told what happens.
        monotonic_s: what the times of questions are measured with.

    Raises:
        ConfigurationError: the project file or a description is wrong, or the ERP context lacks something.
        RefusedError: the ERP's description has no tax call.
    """
    project = workspace.project
    erp = load_descriptions(project)[Side.ERP]
    call = _call_of(project, erp)
    section = project.file.taxes
    described = _quick(erp, section.deadline_s if for_one else None)
    settings = LookupSettings(
        section.deadline_s,
        section.cache_ttl_s,
        concurrency=section.concurrency,
        queue=section.queue,
        yields_rates=call.yields == "rates",
    )
    async with (
        connector_to(project, Side.ERP, described, workspace.state) as connector,
        _desk_over(workspace, call, connector, settings, observer, monotonic_s) as desk,
    ):
        yield desk


@asynccontextmanager
async def taxes_nobody_waits_for(workspace: Workspace, connector: Connector) -> AsyncIterator[TaxDesk]:
    """A desk for asking about all open quotes: with the patience and the few conversations at once that `TaxesSection`
    names for that, and every answer from the ERP itself.

    Args:
        connector: to the ERP; its limits on calls hold for everything that uses it.

    Raises:
        ConfigurationError: the ERP context lacks something.
        RefusedError: the ERP's description has no tax call.
    """
    section, call = workspace.project.file.taxes, _call_of(workspace.project, connector.description)
    at_once, yields_rates = section.drift_concurrency, call.yields == "rates"
    settings = LookupSettings(section.drift_deadline_s, 0, concurrency=at_once, yields_rates=yields_rates)
    async with _desk_over(workspace, call, connector, settings, None) as desk:
        yield desk


@asynccontextmanager
async def _desk_over(
    workspace: Workspace,
    call: TaxCall,
    connector: Connector,
    settings: LookupSettings,
    observer: LookupObserver | None,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> AsyncIterator[TaxDesk]:
    reader = _reader(workspace, call, connector)
    lookup = _lookup(workspace.project, call, connector.description, reader, settings, observer, monotonic_s)
    reader.remove_left_drafts()
    try:
        port = connector.port
        calls = (lambda: port.standing) if isinstance(port, HttpPort) else (lambda: None)
        yield TaxDesk(workspace.project, connector.description.vendor.name, lookup, calls)
    finally:
        await lookup.close()
        await reader.close()


Tell = Callable[[TaxAnswer], None]
"""Told the answer as soon as it is there: taking leave of a system that hangs may last longer than the deadline."""


async def taxes_of_would_be(workspace: Workspace, document: object, tell: Tell) -> None:
    """The taxes of one would-be quote. Raises as `open_taxes` and `TaxDesk.look_up`."""
    async with open_taxes(workspace, for_one=True) as desk:
        tell(await desk.look_up(document))


async def taxes_of_quote(workspace: Workspace, number: str, tell: Tell) -> None:
    """The taxes of a quote of the CRM as it is now, latest revision.

    Raises:
        WrongQuoteError: there is no such quote, it lacks something, or names a customer or product nobody knows.
        SystemReadError: the CRM could not be read.
        RefusedError: the CRM cannot be asked for a quote by its number, or the ERP for taxes.
        ConfigurationError: as `open_taxes`.
    """
    document = await read_quote(workspace, number)
    await taxes_of_would_be(workspace, document, tell)


def require_context(project: Project, erp: Description) -> None:
    """Raises as `open_taxes` where the ERP could not be asked at all."""
    _call_of(project, erp)


def _call_of(project: Project, erp: Description) -> TaxCall:
    call = erp.taxes
    if call is None:
        raise RefusedError(
            phrase("“{vendor}” describes no tax call.", vendor=erp.vendor.name),
            hint=phrase("Add [taxes] to a copy of its description."),
        )
    for name, meaning in call.context.items():
        if name not in project.system(Side.ERP).context:
            raise project.fault(
                (_ERP, "context", name),
                phrase(
                    "the tax call of “{vendor}” needs {name} ({meaning}).",
                    vendor=erp.vendor.name,
                    name=name,
                    meaning=meaning,
                ),
                hint=phrase("Add {name} to its context.", name=name),
            )
    return call


def _quick(erp: Description, longest_s: float | None) -> Description:
    """The description with fewer repetitions of a call, none of which lasts longer than that."""
    http = erp.http
    if http is None:
        return erp
    changes: dict[str, object] = {
        "retry": http.retry.model_copy(update={"attempts": min(_ATTEMPTS, http.retry.attempts)})
    }
    if longest_s is not None:
        changes["timeout_s"] = min(http.timeout_s, longest_s)
        changes["connect_timeout_s"] = min(http.connect_timeout_s, longest_s)
    return erp.model_copy(update={"http": http.model_copy(update=changes)})


def _reader(workspace: Workspace, call: TaxCall, connector: Connector) -> TaxReader:
    project, system = workspace.project, workspace.project.system(Side.ERP)
    identities = Identities(
        _ERP,
        connector,
        project.time_zone,
        values={"customers": call.customer_values, "products": call.product_values},
        entries=key_entries(project),
        known=SnapshotIds(workspace, Side.ERP),
    )
    drafts = workspace.state.tax_drafts(f"{connector.description.vendor.name} {system.base_url or ''}".rstrip())
    return TaxReader(_ERP, call, connector, identities, system.context, drafts)


def _lookup(
    project: Project,
    call: TaxCall,
    erp: Description,
    reader: TaxReader,
    settings: LookupSettings,
    observer: LookupObserver | None,
    monotonic_s: Callable[[], float],
) -> TaxLookup:
    currency = project.file.project.currency
    policy = CheckPolicy(_ERP, call.rounding, call.goods_tolerance, call.untaxed_lines, currency, call.price_decimals)
    seal = _fingerprint(project, erp)
    return TaxLookup(reader, policy, settings, fingerprint=seal, monotonic_s=monotonic_s, observer=observer)


def _fingerprint(project: Project, erp: Description) -> str:
    """Changes whenever the same question could have another answer for reasons that are not in it."""
    system, section = project.system(Side.ERP), project.file.project
    said = [erp.model_dump(mode="json"), system.context, system.base_url, section.currency, section.timezone]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
