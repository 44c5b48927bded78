"""The ERP that nobody reaches: a copy of the connection leads to a port where nobody listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from reconciler.app.pilot.scenarios.scene import Scene
from reconciler.app.quote_reading import Quote, open_quote_reader
from reconciler.app.run import FinishedRun, run_once
from reconciler.app.run_options import RunOptions
from reconciler.app.tax_run import why_not_compared
from reconciler.app.taxes import open_taxes
from reconciler.app.wire import Workspace
from reconciler.errors import RefusedError, WrongQuoteError
from reconciler.model.entities import Side
from reconciler.model.findings import FindingStatus
from reconciler.store.state.records import FindingFilter, RunStatus

_UNAVAILABLE: Final = "unavailable"
_NOT_READ: Final = 3


async def erp_unavailable(scene: Scene) -> None:
    """The run says so, taxes are unavailable, and no finding moves."""
    if scene.acting.descriptions[Side.ERP].http is None:
        raise scene.not_played("files")
    chosen = FindingFilter(status=FindingStatus.OPEN)
    before = await _open_ids(scene, chosen)
    with _closed_port() as address:
        scene.saw("led_away", address=address)
        project = scene.workspace.project.reached_at(Side.ERP, address)
        cut_off = replace(scene.workspace, project=project)
        await _run(scene, cut_off)
        await _ask_taxes(scene, cut_off)
    after = await _open_ids(scene, chosen)
    if after != before:
        raise scene.unexpected("findings_moved", before=len(before), after=len(after))
    scene.saw("findings_counted", before=len(before), after=len(after))


async def _run(scene: Scene, cut_off: Workspace) -> None:
    # Every entity by name: a run over everything that failed on purpose must not stand in the way of a promotion.
    options = RunOptions(entities=tuple(scene.acting.plans), taxes=False)
    done: FinishedRun = await run_once(cut_off, options, scene.progress, notify=False, clock=scene.acting.clock)
    told = done.outcome.warnings
    details: dict[str, object] = {"code": done.exit_code, "status": done.outcome.status.value, "warnings": told}
    says_so = all(each.failure is not None and "erp" in each.failure for each in done.outcome.entities.values())
    if done.exit_code != _NOT_READ or done.outcome.status is not RunStatus.FAILED or not says_so:
        raise scene.unexpected("run_did_not_say", **details)
    scene.saw("run_said", **details)


async def _ask_taxes(scene: Scene, cut_off: Workspace) -> None:
    project = scene.workspace.project
    why = why_not_compared(project, scene.acting.descriptions)
    quote = await _any_quote(scene) if why is None else None
    if quote is None:
        scene.saw("taxes_not_asked", why=why or scene.words("no_quote"))
        return
    async with open_taxes(cut_off) as desk:
        try:
            answer = (await desk.look_up(quote.would_be)).document
        except WrongQuoteError as error:
            raise scene.unexpected("taxes_given", status=error.message) from error
    if answer["status"] != _UNAVAILABLE or "totals" in answer or "lines" in answer:
        raise scene.unexpected("taxes_given", status=answer["status"])
    scene.saw("taxes_unavailable", reason=str(answer["message"]).removesuffix("."))


async def _any_quote(scene: Scene) -> Quote | None:
    number = scene.workspace.project.file.scenarios.quote
    try:
        async with open_quote_reader(scene.workspace) as quotes:
            if number is not None:
                return await quotes.quote(number)
            found = await quotes.all_open()
            return next((each for each in found if isinstance(each, Quote) and each.would_be["lines"]), None)
    except RefusedError:
        return None


async def _open_ids(scene: Scene, chosen: FindingFilter) -> set[str]:
    return {each.id async for each in scene.workspace.state.findings.iterate(chosen)}


@contextmanager
def _closed_port() -> Iterator[str]:
    """The address of a port of this machine that is taken and where nobody listens: every connection is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
