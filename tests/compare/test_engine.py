"""The engine around a comparison: faults, limits, interruption and tidiness."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from reconciler.compare.engine import ComparisonEngine
from reconciler.compare.engine_duckdb import ComparisonInterruptedError, DuckDBEngine
from reconciler.errors import ConfigurationError, StateError
from reconciler.model.entities import FieldType
from reconciler.model.findings import FieldRule
from tests.compare.staged import Comparer, record, rule_of

T = FieldType
RULE = rule_of(FieldRule("title", T.TEXT))


def test_a_missing_file_is_a_state_error(engine: ComparisonEngine, tmp_path: Path) -> None:
    """With what to do next."""
    with pytest.raises(StateError, match="snapshot") as caught:
        engine.compare(RULE, [tmp_path / "gone.parquet"], [])
    assert "--full" in caught.value.hint


def test_a_damaged_file_is_a_state_error(engine: ComparisonEngine, tmp_path: Path) -> None:
    """Half a file is not half a side."""
    damaged = tmp_path / "half.parquet"
    damaged.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(StateError, match="snapshot"):
        engine.compare(RULE, [damaged], [])


def test_a_snapshot_without_a_field_is_named(compare: Comparer, engine: ComparisonEngine) -> None:
    """A field added to the scope after the snapshot was made."""
    crm, erp = compare.stage(RULE, [record("1", "A")], [record("7", "A")])
    wider = rule_of(FieldRule("title", T.TEXT), FieldRule("price", T.DECIMAL))
    with pytest.raises(StateError, match=r"CRM snapshot of things .* form\.price"):
        engine.compare(wider, crm, erp)


def test_a_column_of_another_type_is_a_state_error(compare: Comparer, engine: ComparisonEngine, tmp_path: Path) -> None:
    """A field whose type changed after the snapshot was made."""
    rule = rule_of(FieldRule("price", T.DECIMAL, tolerance="0.1"))
    crm, erp = compare.stage(rule, [record("1", "A")], [record("7", "A")])
    pl.read_parquet(crm[0]).with_columns(pl.lit("ten").alias("form.price")).write_parquet(crm[0])
    with pytest.raises(StateError, match=r"form\.price"):
        engine.compare(rule, crm, erp)


@pytest.mark.parametrize("tolerance", ["-0.01", "NaN", "Infinity", "a lot"])
def test_a_tolerance_that_is_no_amount_is_refused(compare: Comparer, tolerance: str) -> None:
    """Before anything is read."""
    rule = rule_of(FieldRule("price", T.DECIMAL, tolerance=tolerance))
    with pytest.raises(ConfigurationError, match="tolerance of price"):
        compare(rule, [record("1", "A")], [])


def test_fields_that_differ_in_case_only_are_refused(engine: ComparisonEngine) -> None:
    """SQL would take them for one column."""
    with pytest.raises(ConfigurationError, match=r"“price” and “Price”"):
        engine.compare(rule_of(FieldRule("price", T.CODE), FieldRule("Price", T.CODE)), [], [])


def test_a_failed_comparison_leaves_the_engine_usable(compare: Comparer, tmp_path: Path) -> None:
    """And nothing of itself behind."""
    with pytest.raises(StateError):
        compare.engine.compare(RULE, [tmp_path / "gone.parquet"], [])
    assert compare(RULE, [record("1", "A")], []).crm.only_here == 1


def test_paths_with_pattern_characters_are_plain_paths(engine: ComparisonEngine, tmp_path: Path) -> None:
    """A folder named with brackets is not a pattern."""
    folder = tmp_path / "data [2026] 'x'"
    folder.mkdir()
    assert Comparer(engine, folder)(RULE, [record("1", "A")], []).crm.pulled == 1


def test_a_running_comparison_can_be_interrupted(compare: Comparer, tmp_path: Path) -> None:
    """A cancelled run does not wait for millions of records."""
    size = 400_000
    rule = rule_of(*(FieldRule(f"f{number}", T.CODE) for number in range(8)))
    keys = pl.DataFrame({"key": pl.int_range(size, eager=True).cast(pl.String)})
    empty = compare.stage(rule, [], [])[0][0]
    schema = pl.read_parquet_schema(empty)
    columns = [
        pl.col("key").alias(name)
        if dtype == pl.String and not name.startswith("_")
        else pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
    ]
    big = tmp_path / "big.parquet"
    keys.select(columns).with_columns(pl.col("form.code").alias("_key")).write_parquet(big)
    with DuckDBEngine(threads=1) as engine:
        done = threading.Event()

        def interrupt() -> None:
            while not done.wait(0.01):
                engine.interrupt()

        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        try:
            with pytest.raises(ComparisonInterruptedError):
                engine.compare(rule, [big], [big])
        finally:
            done.set()
            interrupting.join()
        with engine.compare(rule, [big], [big]) as comparison:
            assert comparison.crm.matched == size


def test_its_own_spill_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a comparison stays on disk."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with DuckDBEngine(threads=1):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_comparisons_at_the_same_time_do_not_mix(engine: ComparisonEngine, tmp_path: Path) -> None:
    """Entities may be compared in threads of one engine."""
    results: dict[int, tuple[int, int]] = {}

    def run(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        result = Comparer(engine, folder)(RULE, [record(str(index), f"K{index}") for index in range(number)], [])
        results[number] = (result.crm.only_here, len(result.rows))

    threads = [threading.Thread(target=run, args=(number,)) for number in (3, 5, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: (number, number) for number in (3, 5, 8)}


def test_closing_a_comparison_frees_what_it_made(compare: Comparer, engine: ComparisonEngine) -> None:
    """And closing it twice is safe."""
    comparison = engine.compare(RULE, *compare.stage(RULE, [record("1", "A")], []))
    comparison.close()
    comparison.close()
    with pytest.raises(RuntimeError, match="closed"):
        next(comparison.batches())
