"""Audit: who did what, the newest first, and whether the trail is the one that was written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from reconciler.app.audit import entries_after, verified_trail
from reconciler.app.workspace import Workspace
from reconciler.model.corrections import AuditEntry
from tui.i18n import Texts
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.status import Status, shown
from tui.text import lines, plain
from tui.viewmodel import EmptyNone, ViewState
from tui.widgets.table_rows import Cell, Column, TableRow
from tui.widgets.virtual_table import VirtualTable

_DIGEST_CHARACTERS: Final = 16
_BREAKS_SHOWN: Final = 5


class TrailSource:
    """The trail as the source of a table: the newest entry at position 0.

    Args:
        count: number of the last entry, from which on nothing is shown until the list is read again.
    """

    def __init__(self, workspace: Workspace, count: int, texts: Texts) -> None:
        self._workspace = workspace
        self._count = count
        self._texts = texts
        self.entries: dict[str, AuditEntry] = {}
        """Those that were read so far, by number."""

    @property
    def count(self) -> int:
        """Entries."""
        return self._count

    async def page(self, offset: int, limit: int) -> Sequence[TableRow]:
        """Entries from a position on, newest first."""
        last = self._count - offset
        first = max(0, last - limit)
        found = await entries_after(self._workspace, first, last - first)
        self.entries.update((str(entry.number), entry) for entry in found)
        return [self._row(entry) for entry in reversed(found)]

    async def position(self, row_id: str) -> int | None:
        """Where an entry is."""
        return self._count - int(row_id) if 0 < int(row_id) <= self._count else None

    async def ids_between(self, first: int, last: int) -> Sequence[tuple[str, str]]:
        """Numbers of the entries, both ends included."""
        return [(str(self._count - position), "") for position in range(first, last + 1)]

    def _row(self, entry: AuditEntry) -> TableRow:
        return TableRow(
            str(entry.number),
            (
                Cell(str(entry.number), right=True),
                Cell(self._texts.moment(entry.at)),
                Cell(entry.person),
                Cell(entry.act),
                Cell(entry.subject),
            ),
        )


class AuditScreen(PlaceScreen):
    """The trail, the entry under the cursor in full, and the proof on demand."""

    PLACE = "audit"
    AUTO_FOCUS = "#list"
    CSS = """
    AuditScreen #list { height: 2fr; }
    AuditScreen #entry-scroll { height: 1fr; min-height: 6; border-top: solid $primary; padding: 0 1; }
    AuditScreen #proof { height: auto; padding: 0 1; background: $panel; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._source: TrailSource | None = None

    def compose_body(self) -> ComposeResult:
        texts = self.texts
        yield Static(plain(texts("audit.not_verified"), "$text-muted"), id="proof")
        yield VirtualTable(
            [
                Column(texts("audit.column.number"), 7),
                Column(texts("audit.column.at"), 16),
                Column(texts("audit.column.person"), 12, share=1),
                Column(texts("audit.column.act"), 20, share=1),
                Column(texts("audit.column.subject"), 16, order=1),
            ],
            texts,
            self.session.keymap,
            id="list",
        )
        with VerticalScroll(id="entry-scroll", can_focus=False):
            yield Static(plain(""), id="entry")

    async def fill(self) -> ViewState | None:
        """The end of the trail; the cursor stays on its entry."""
        number, _ = await self.session.workspace.state.audit.head()
        if not number:
            return EmptyNone(self.texts("audit.none"), self.texts("audit.none_to_do"))
        table = self.query_one("#list", VirtualTable)
        self._source = TrailSource(self.session.workspace, number, self.texts)
        await table.show(self._source, cursor_id=table.cursor_id)
        return None

    async def do_audit_verify(self) -> None:
        """Read the whole trail and prove it."""
        texts, proof = self.texts, self.query_one("#proof", Static)
        proof.update(plain(texts("audit.verifying"), "$text-muted"))
        check = await verified_trail(self.session.workspace, None)
        status = Status.VERIFIED if check.is_whole else Status.FAILED
        sentence = "audit.whole" if check.is_whole else "audit.broken"
        sign = shown(status, texts, ascii_only=self.session.ascii_only)
        first = sign + plain("  " + texts.counted(sentence, check.entries))
        breaks = [plain(f"! {each.problem}", "$text-error") for each in check.breaks[:_BREAKS_SHOWN]]
        head = plain(texts("audit.head", digest=check.head), "$text-muted")
        proof.update(lines(first, *breaks, head))

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        entry = None if event.row is None or self._source is None else self._source.entries.get(event.row.id)
        if entry is None:
            return
        texts = self.texts
        self.query_one("#entry", Static).update(
            lines(
                plain(f"{entry.number}  {entry.act}  {entry.subject}", "bold"),
                plain(f"{texts.moment(entry.at)}  {entry.person}"),
                plain(entry.details),
                plain(texts("audit.digest", digest=entry.digest[:_DIGEST_CHARACTERS]), "$text-muted"),
            )
        )
