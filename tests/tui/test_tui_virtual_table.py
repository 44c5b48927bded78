"""The virtual table over a list that changes under it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from reconciler.errors import StateError
from tests.tui.fills import HOSTILE, HOSTILE_SEEN
from tests.tui.waiting import screen_text, shown, wait_for
from tui.i18n import texts_of
from tui.widgets.table_pages import PAGE_ROWS
from tui.widgets.table_rows import Cell, Column, TableRow
from tui.widgets.virtual_table import VirtualTable

TEXTS = texts_of("en", UTC)


class ListSource:
    """A list in memory; pages come when `open` says so.

    Attributes:
        asked: offsets of the pages that were asked for.
    """

    def __init__(self, names: Sequence[str], *, headings: frozenset[str] = frozenset()) -> None:
        self.names = list(names)
        self.headings = headings
        self.asked: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    @property
    def count(self) -> int:
        return len(self.names)

    async def page(self, offset: int, limit: int) -> list[TableRow]:
        self.asked.append(offset)
        rows = [self._row(name) for name in self.names[offset : offset + limit]]
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return rows

    def _row(self, name: str) -> TableRow:
        if name in self.headings:
            return TableRow(name, (), "s", heading=Cell(f"heading {name}"))
        return TableRow(name, (Cell(name), Cell("12.50", right=True)), "s")

    async def position(self, row_id: str) -> int | None:
        return self.names.index(row_id) if row_id in self.names else None

    async def ids_between(self, first: int, last: int) -> list[tuple[str, str]]:
        return [(name, "s") for name in self.names[first : last + 1] if name not in self.headings]


class TableApp(App[None]):
    """Nothing but a table."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: list[Exception] = []

    def compose(self) -> ComposeResult:
        yield VirtualTable((Column("Name", 20, 1), Column("Amount", 12)), TEXTS, {}, id="list")

    @property
    def table(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    def on_virtual_table_read_failed(self, event: VirtualTable.ReadFailed) -> None:
        self.failed.append(event.error)


@asynccontextmanager
async def table_of(source: ListSource) -> AsyncIterator[tuple[TableApp, Pilot[None]]]:
    app = TableApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.focus()
        await app.table.show(source)
        yield app, pilot


def names(count: int) -> list[str]:
    return [f"row-{number:07}" for number in range(count)]


async def at(app: TableApp, pilot: Pilot[None], name: str) -> None:
    await wait_for(pilot, lambda: app.table.row is not None and app.table.row.id == name, f"the cursor on {name}")


async def test_a_million_rows_are_read_where_one_looks_and_every_key_moves() -> None:
    source = ListSource(names(1_000_000))
    async with table_of(source) as (app, pilot):
        await shown(pilot, "row-0000018")
        for keys, name in (
            (["down", "j", "j"], "row-0000003"),
            (["k", "up"], "row-0000001"),
            (["pagedown"], "row-0000020"),
            (["pageup"], "row-0000001"),
            (["end"], "row-0999999"),
            (["home"], "row-0000000"),
            (["G", "up"], "row-0999998"),
        ):
            await pilot.press(*keys)
            await at(app, pilot, name)
        await shown(pilot, "row-0999999")
        for part in range(20):
            app.table.move_to(part * 50_000)
            await at(app, pilot, f"row-{part * 50_000:07}")
        # Pages around what was looked at, and nothing else.
        assert len(source.asked) < 120


async def test_a_line_says_that_it_is_being_read_and_a_late_page_of_another_list_is_dropped() -> None:
    slow, other = ListSource(names(500)), ListSource(["other"])
    slow.open.clear()
    async with table_of(slow) as (app, pilot):
        await wait_for(pilot, lambda: slow.asked, "a page that is asked for")
        await shown(pilot, "·  ·  ·")
        await app.table.show(other)
        await at(app, pilot, "other")
        slow.open.set()
        await app.workers.wait_for_complete()
        assert "row-" not in screen_text(pilot)
        assert "·" not in screen_text(pilot)


async def test_the_cursor_stays_on_its_row_and_in_its_line_when_rows_come_and_go_above() -> None:
    source = ListSource(names(3_000))
    async with table_of(source) as (app, pilot):
        app.table.move_to(1_500)
        await at(app, pilot, "row-0001500")
        line = app.table.cursor - round(app.table.scroll_y)
        source.names[0:0] = [f"new-{number}" for number in range(700)]
        await app.table.reload()
        await at(app, pilot, "row-0001500")
        assert (app.table.cursor, app.table.cursor - round(app.table.scroll_y)) == (2_200, line)
        del source.names[10:1_900]
        await app.table.reload()
        await at(app, pilot, "row-0001500")
        assert app.table.cursor == 310
        source.names.remove("row-0001500")
        await app.table.reload()
        await at(app, pilot, "row-0001501")
        del source.names[5:]
        await app.table.reload()
        await at(app, pilot, "new-4")


async def test_rows_that_change_in_their_places_leave_cursor_and_scrolling_alone() -> None:
    source = ListSource(names(3_000))
    async with table_of(source) as (app, pilot):
        app.table.move_to(1_500)
        await at(app, pilot, "row-0001500")
        before = (app.table.cursor, app.table.scroll_y)
        source.names[1_499] = "changed"
        await app.table.refresh_rows()
        await shown(pilot, "changed")
        assert (app.table.cursor, app.table.scroll_y) == before


async def test_marks_by_row_range_and_section() -> None:
    source = ListSource(["§", *names(200)], headings=frozenset({"§"}))
    async with table_of(source) as (app, pilot):
        table = app.table
        await shown(pilot, "heading §")
        await pilot.press("down", "space", "space")
        assert [*table.marks.single] == ["row-0000000", "row-0000001"]
        await pilot.press("shift+down", "shift+down", "shift+up")
        assert [*table.marks.single] == names(5)
        await pilot.press("home", "v", "pagedown")
        assert table.is_ranging
        await pilot.press("v")
        await wait_for(pilot, lambda: len(table.marks.single) == table.cursor, "the range")
        assert not table.is_ranging
        await pilot.press("home", "space")
        assert table.marks.holds_all("s")
        assert table.marks.count({"s": 200}) == 200
        await pilot.press("down", "space")
        assert table.marks.whole == {"s": {"row-0000000"}}
        await shown(pilot, "●")
        table.clear_marks()
        await wait_for(pilot, lambda: "●" not in screen_text(pilot), "no mark")


async def test_a_click_moves_the_cursor() -> None:
    source = ListSource(names(PAGE_ROWS * 3))
    async with table_of(source) as (app, pilot):
        await shown(pilot, "row-0000005")
        await pilot.click(VirtualTable, offset=(5, 6))
        await at(app, pilot, "row-0000005")


async def test_hostile_rows_are_shown_and_not_obeyed() -> None:
    source = ListSource([HOSTILE])
    async with table_of(source) as (_, pilot):
        await shown(pilot, HOSTILE_SEEN[:20])


async def test_what_cannot_be_read_is_told_once_and_read_again_when_asked() -> None:
    source = ListSource(names(500))
    source.error = StateError("it is locked.")
    async with table_of(source) as (app, pilot):
        await wait_for(pilot, lambda: app.failed, "the failure")
        await pilot.press("down", "down")
        assert (len(app.failed), len(source.asked)) == (1, 1)
        source.error = None
        await app.table.reload()
        await shown(pilot, "row-0000003")
