"""Overview: the health of both systems, the last runs, what is open, what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.action import Action
from tui.overview import STALE_AFTER, Advice, Overview, RunLine, SystemHealth, read_overview
from tui.places import PLACES
from tui.running import RunMoved
from tui.screens.run_actions import RunActions, progress_lines
from tui.session import Session
from tui.status import shown
from tui.text import plain, truncated
from tui.viewmodel import Notice, NoticeKind, ViewState
from tui.widgets.choices import Choices
from tui.widgets.sections import Section, bar, columns, trend_line

_RUNS_SHOWN: Final = 5
_CAUSES_SHOWN: Final = 12
_LEAST_CAUSES: Final = 4
_OTHER_LINES: Final = 18
"""What the column of the causes holds beside them, with the lines above it."""
_ENTITIES_SHOWN: Final = 8
_BAR_CELLS: Final = 10
_ROOM_FOR_BARS_CELLS: Final = 50
_SPARE_CELLS: Final = 4
_LEAST_ROOM: Final = 30


class OverviewScreen(RunActions):
    """The first place."""

    PLACE = "overview"
    AUTO_FOCUS = "#advice"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - declared without ClassVar above
    CSS = """
    OverviewScreen #advice {
        height: auto; max-height: 8; margin: 0 1 1 1; background: $surface; border: none; padding: 0;
    }
    OverviewScreen Horizontal { height: auto; }
    OverviewScreen #left, OverviewScreen #right { width: 1fr; height: auto; }
    OverviewScreen.-narrow Section { margin-bottom: 0; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.overview: Overview | None = None

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Section(id="running")
            yield Section(id="next")
            yield Choices(id="advice")
            with Horizontal():
                with VerticalScroll(id="left", can_focus=False):
                    yield Section(id="systems")
                    yield Section(id="runs")
                    yield Section(id="taxes")
                with VerticalScroll(id="right", can_focus=False):
                    yield Section(id="entities")
                    yield Section(id="causes")

    async def fill(self) -> ViewState | None:
        """Read the store; neither system is asked."""
        now = self.session.clock()
        overview = self.overview = await read_overview(self.session.workspace, now)
        stale = overview.data_at is not None and now - overview.data_at > STALE_AFTER
        if stale and overview.data_at is not None:
            age = self.texts.age(now - overview.data_at)
            self.show_notices(Notice(NoticeKind.STALE, self.texts("overview.stale", age=age)))
        else:
            self.show_notices()
        self._show(overview)
        return None

    def disabled_reason(self, action: Action) -> str | None:
        """Opening needs a line."""
        if action.id == "overview.open" and self._chosen() is None:
            return self.texts("overview.nothing_chosen")
        return super().disabled_reason(action)

    def do_overview_open(self) -> None:
        """Go where the chosen line is dealt with; where that is not here, say the command."""
        advice = self._chosen()
        if advice is None:
            return
        if any(place.id == advice.place for place in PLACES):
            self.house.go(advice.place)
            return
        command = shlex.join(("reconciler", "--project", str(self.session.project_file), *advice.command))
        self.house.note(self._sentence(advice), command)
        self.house.tell(self.texts("overview.by_command", command=command))

    @on(OptionList.OptionSelected, "#advice")
    def _clicked(self) -> None:
        self.action_do("overview.open")

    def on_run_moved(self, _message: RunMoved) -> None:
        """Show how far the run is."""
        self._show_run()

    def _chosen(self) -> Advice | None:
        if self.overview is None or not self.is_mounted:
            return None
        position = self.query_one("#advice", Choices).highlighted
        return None if position is None or position >= len(self.overview.advice) else self.overview.advice[position]

    @property
    def _room(self) -> int:
        return max(_LEAST_ROOM, self.size.width // 2 - _SPARE_CELLS)

    # Showing.

    def _show(self, overview: Overview) -> None:
        self._show_run()
        self._show_advice(overview)
        self._section("systems", "", [self._system(each) for each in overview.systems])
        self._show_runs(overview)
        self._show_findings(overview)
        self._show_taxes(overview)

    def _section(self, name: str, beside: str, rows: list[Content]) -> None:
        self.query_one(f"#{name}", Section).show(self.texts(f"overview.{name}"), rows, beside=beside)

    def _show_run(self) -> None:
        section = self.query_one("#running", Section)
        progress = self.house.running.progress
        section.display = self.house.running.is_running and progress is not None
        if section.display and progress is not None:
            rows = progress_lines(progress, self.session, self.size.width - _SPARE_CELLS)
            section.show(self.texts("running.title"), [plain(row) for row in rows])

    def _show_advice(self, overview: Overview) -> None:
        self.query_one("#next", Section).show(self.texts("overview.next"), [])
        choices = self.query_one("#advice", Choices)
        before = choices.highlighted
        choices.clear_options()
        choices.add_options([Option(plain(self._sentence(advice))) for advice in overview.advice])
        choices.highlighted = min(before or 0, len(overview.advice) - 1)

    def _sentence(self, advice: Advice) -> str:
        values = advice.values or {}
        if advice.count is None:
            return self.texts(f"advice.{advice.id}", **values)
        return self.texts.counted(f"advice.{advice.id}", advice.count, **values)

    def _system(self, system: SystemHealth) -> Content:
        texts = self.texts
        age = "" if system.at is None else texts("overview.read", age=texts.age(self.session.clock() - system.at))
        line = Content.assemble(
            plain(f"{system.side.value.upper()} ", "bold"),
            shown(system.status, texts, ascii_only=self.session.ascii_only),
            plain(f"  {system.vendor}  {age}".rstrip(), "$text-muted"),
        )
        if not system.trouble:
            return line
        return Content("\n").join(
            [line, plain("  " + truncated(self.texts.said(system.trouble), self._room - 2), "$text-warning")]
        )

    def _show_runs(self, overview: Overview) -> None:
        trend = overview.trend
        beside = ""
        if len(trend) > 1:
            bars = trend_line(trend, ascii_only=self.session.ascii_only)
            arrow = "->" if self.session.ascii_only else "→"
            beside = f"{bars}  {self.texts.number(trend[0])} {arrow} {self.texts.number(trend[-1])}"
        rows = [self._run(run) for run in overview.runs[:_RUNS_SHOWN]]
        self._section("runs", beside, rows or [plain(self.texts("overview.no_runs"), "$text-muted")])

    def _run(self, run: RunLine) -> Content:
        texts = self.texts
        facts = [texts.moment(run.started_at)]
        if run.open is not None and run.new is not None:
            facts.append(f"{texts.number(run.open)} +{texts.number(run.new)}")
        return Content.assemble(
            shown(run.status, texts, ascii_only=self.session.ascii_only), plain("  " + "  ".join(facts), "$text-muted")
        )

    def _show_findings(self, overview: Overview) -> None:
        words, texts = self.session.words, self.texts
        causes: dict[str, str] = {cause.value: word for cause, word in words.causes.items()}
        entities = {name: words.entity_label(name) for name in overview.by_entity}
        beside = texts.counted("overview.open", overview.open)
        self._section("entities", beside, self._bars(overview.by_entity, entities, _ENTITIES_SHOWN))
        beside = texts.counted("overview.decisions", overview.decisions)
        self._section(
            "causes",
            beside,
            self._bars(
                overview.by_cause, causes, max(_LEAST_CAUSES, min(_CAUSES_SHOWN, self.size.height - _OTHER_LINES))
            ),
        )

    def _bars(self, counts: Mapping[str, int], labels: Mapping[str, str], most: int) -> list[Content]:
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if not ranked:
            return [plain(self.texts("overview.none_open"), "$text-muted")]
        highest = ranked[0][1]
        bar_cells = _BAR_CELLS if self._room >= _ROOM_FOR_BARS_CELLS else 0
        rows = [
            (
                labels.get(name, name),
                self.texts.number(count),
                bar(count, highest, bar_cells, ascii_only=self.session.ascii_only),
            )
            for name, count in ranked[:most]
        ]
        shown_rows = [plain(row) for row in columns(rows, right=frozenset({1}), room=self._room)]
        if len(ranked) > most:
            rest = sum(count for _, count in ranked[most:])
            shown_rows.append(plain(self.texts("overview.more", count=self.texts.number(rest)), "$text-muted"))
        return shown_rows

    def _show_taxes(self, overview: Overview) -> None:
        texts, taxes = self.texts, overview.taxes
        if taxes is None:
            rows = [plain(texts("overview.no_taxes"), "$text-muted")]
        else:
            counts = {name: texts.number(int(taxes.get(name, 0))) for name in ("quotes", "calculated", "unavailable")}
            rows = [plain(texts("overview.tax_counts", **counts))]
        self._section("taxes", texts.counted("overview.drifted", overview.drifted), rows)
