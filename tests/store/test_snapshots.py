"""Snapshots: complete or absent, named by content, merged with what changed since."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from reconciler.errors import StateError
from reconciler.model import staging
from reconciler.store.snapshots.changes import with_changes
from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.snapshots.writer import SnapshotWriter

Row = tuple[str | None, str, int, int]
"""Id, name, page, position."""


@pytest.fixture
def folder(tmp_path: Path) -> ContentFolder:
    content = ContentFolder(tmp_path / "snapshots")
    content.prepare()
    return content


def _records(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            staging.ID: [row[0] for row in rows],
            staging.PAGE: [row[2] for row in rows],
            staging.POSITION: [row[3] for row in rows],
            "value.name": [row[1] for row in rows],
        },
        schema={staging.ID: pl.String, staging.PAGE: pl.Int32, staging.POSITION: pl.Int32, "value.name": pl.String},
    )


def _lines(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    """Line id, parent id, page, position of the parent."""
    return pl.DataFrame(
        {
            staging.ID: [row[0] for row in rows],
            staging.PARENT: [row[1] for row in rows],
            staging.PAGE: [row[2] for row in rows],
            staging.POSITION: [row[3] for row in rows],
        },
        schema_overrides={staging.PAGE: pl.Int32, staging.POSITION: pl.Int32},
    )


def _snapshot(
    folder: ContentFolder,
    rows: list[Row],
    lines: list[tuple[str, str, int, int]] | None = None,
    pages: dict[int, bytes] | None = None,
) -> Snapshot:
    writer = SnapshotWriter(folder)
    writer.add_mapped(_records(rows), None if lines is None else _lines(lines))
    for number, body in (pages or {}).items():
        writer.add_raw(number, body)
    return writer.finish()


def _names(folder: ContentFolder, snapshot: Snapshot) -> dict[str, str]:
    frames = [pl.read_parquet(path) for path in snapshot.record_paths(folder)]
    return dict(pl.concat(frames).select(staging.ID, "value.name").iter_rows()) if frames else {}


def _line_ids(folder: ContentFolder, snapshot: Snapshot) -> set[str]:
    return {line for path in snapshot.line_paths(folder) for line in pl.read_parquet(path)[staging.ID]}


def test_a_snapshot_holds_every_row_and_survives_its_manifest(folder: ContentFolder) -> None:
    snapshot = _snapshot(folder, [("1", "Aço", 0, 0), ("2", "Mar", 0, 1)], pages={0: b"[1,2]"})
    again = Snapshot.from_json(snapshot.to_json())
    assert again == snapshot
    assert _names(folder, again) == {"1": "Aço", "2": "Mar"}


def test_a_raw_page_is_given_back_as_received(folder: ContentFolder) -> None:
    bodies = {number: b'{"page":%d}' % number * 50 for number in range(100)}
    snapshot = _snapshot(folder, [("1", "Aço", 0, 0)], pages=bodies)
    assert snapshot.raw_pages(folder, [3, 97, 400]) == {3: bodies[3], 97: bodies[97]}


def test_equal_content_is_one_file(folder: ContentFolder) -> None:
    first = _snapshot(folder, [("1", "Aço", 0, 0)])
    second = _snapshot(folder, [("1", "Aço", 0, 0)])
    assert first.records == second.records


def test_an_unfinished_file_of_a_killed_process_is_never_a_snapshot(folder: ContentFolder) -> None:
    leftover = folder.unfinished_file(".parquet")
    leftover.write_bytes(b"half")
    folder.prepare()
    assert not leftover.exists()
    assert list(folder.root.glob("*.parquet")) == []


def test_a_missing_file_says_what_to_do(folder: ContentFolder) -> None:
    snapshot = _snapshot(folder, [("1", "Aço", 0, 0)])
    folder.remove_except(set())
    with pytest.raises(StateError, match="--full"):
        snapshot.record_paths(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"records": []}'], ids=["empty", "cut", "list", "incomplete"])
def test_a_damaged_list_of_files_is_told(text: str) -> None:
    with pytest.raises(StateError, match="damaged"):
        Snapshot.from_json(text)


def test_only_files_that_are_not_kept_are_removed(folder: ContentFolder) -> None:
    kept = _snapshot(folder, [("1", "Aço", 0, 0)], pages={0: b"x"})
    _snapshot(folder, [("2", "Mar", 0, 0)])
    assert folder.remove_except(kept.names) == 1
    assert _names(folder, kept) == {"1": "Aço"}


def test_the_folder_is_its_owners_alone(folder: ContentFolder) -> None:
    assert folder.root.stat().st_mode & 0o077 == 0


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StateError, match="data folder"):
        ContentFolder(tmp_path / "data").prepare()


def test_changes_replace_and_add_records(folder: ContentFolder) -> None:
    base = _snapshot(folder, [("1", "Aço", 0, 0), ("2", "Mar", 0, 1)])
    changes = _snapshot(folder, [("2", "Mar Azul", 1, 0), ("3", "Sol", 1, 1)])
    merged = with_changes(folder, base, changes, None)
    assert _names(folder, merged) == {"1": "Aço", "2": "Mar Azul", "3": "Sol"}
    assert merged.count == 3


def test_of_a_record_read_twice_the_last_page_counts(folder: ContentFolder) -> None:
    base = _snapshot(folder, [("1", "Aço", 0, 0)])
    changes = _snapshot(folder, [("1", "newer", 2, 0), ("1", "older", 1, 5)])
    assert _names(folder, with_changes(folder, base, changes, None)) == {"1": "newer"}


def test_records_that_are_gone_are_removed_only_when_looked_for(folder: ContentFolder) -> None:
    base = _snapshot(folder, [("1", "Aço", 0, 0), ("2", "Mar", 0, 1)])
    nothing = _snapshot(folder, [])
    assert _names(folder, with_changes(folder, base, nothing, None)) == {"1": "Aço", "2": "Mar"}
    assert _names(folder, with_changes(folder, base, nothing, {"2"})) == {"2": "Mar"}


def test_lines_follow_their_parent(folder: ContentFolder) -> None:
    base = _snapshot(
        folder,
        [("1", "A", 0, 0), ("2", "B", 0, 1), ("3", "C", 0, 2)],
        [("1#0", "1", 0, 0), ("2#0", "2", 0, 1), ("2#1", "2", 0, 1), ("3#0", "3", 0, 2)],
    )
    changes = _snapshot(folder, [("2", "B", 1, 0)], [("2#9", "2", 1, 0)])
    merged = with_changes(folder, base, changes, {"1", "2"})
    assert _line_ids(folder, merged) == {"1#0", "2#9"}


def test_lines_of_an_older_reading_are_dropped(folder: ContentFolder) -> None:
    base = _snapshot(folder, [("1", "A", 0, 0)], [("1#0", "1", 0, 0)])
    changes = _snapshot(folder, [("1", "older", 1, 0), ("1", "newer", 2, 0)], [("1#1", "1", 1, 0), ("1#2", "1", 2, 0)])
    assert _line_ids(folder, with_changes(folder, base, changes, None)) == {"1#2"}


def test_a_record_that_stopped_being_part_of_the_entity_leaves_with_its_lines(folder: ContentFolder) -> None:
    base = _snapshot(folder, [("1", "A", 0, 0), ("2", "B", 0, 1)], [("1#0", "1", 0, 0), ("2#0", "2", 0, 1)])
    merged = with_changes(folder, base, _snapshot(folder, []), None, {"2", "never seen"})
    assert (_names(folder, merged), _line_ids(folder, merged), merged.count) == ({"1": "A"}, {"1#0"}, 1)


def test_raw_files_that_no_record_needs_are_left_out(folder: ContentFolder) -> None:
    base = _snapshot(folder, [("1", "A", 0, 0)], pages={0: b"old"})
    changes = _snapshot(folder, [("1", "B", 1, 0)], pages={1: b"new"})
    merged = with_changes(folder, base, changes, None)
    assert merged.raw_pages(folder, [0, 1]) == {1: b"new"}


def test_page_numbers_of_changes_continue_after_the_base(folder: ContentFolder) -> None:
    assert _snapshot(folder, [], pages={0: b"a", 7: b"b"}).next_page == 8
    assert _snapshot(folder, []).next_page == 0


def test_records_without_an_id_are_counted(folder: ContentFolder) -> None:
    assert _snapshot(folder, [(None, "x", 0, 0), ("1", "y", 0, 1), (None, "z", 0, 2)]).unidentified == 2
