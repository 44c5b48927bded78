"""Reading findings: filters, orders, pages, counts and names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from itertools import product
from pathlib import Path

import pytest
import pytest_asyncio

from reconciler.errors import RefusedError
from reconciler.model.findings import Cause, Finding, FindingKind, FindingStatus
from reconciler.store.state.records import FindingFilter, FindingSort
from reconciler.store.state.state import State
from tests.store.state_cases import Clock, many, row, run_with

ROWS = [
    *many(400),
    row("A|1", entity="orders.lines", field="total", cause=Cause.ROUNDING, owner=None),
    row("A\x1f2", entity="orders.lines", field="total", cause=Cause.ROUNDING, owner=None),
    row("a_b%c[d]?e", entity="orders.lines", field="total", cause=Cause.SCALE, owner="crm"),
    row("Ab", entity="orders.lines", field="total", cause=Cause.SCALE, owner="crm"),
    row("aB", entity="orders.lines", field="total", cause=Cause.SCALE, owner="crm"),
]


@pytest_asyncio.fixture
async def filled(state: State, clock: Clock) -> AsyncIterator[State]:
    """405 findings, some of them accepted and some closed, of two entities and three runs."""
    customers = [each for each in ROWS if each.entity == "customers"]
    await run_with(state, customers)
    await state.findings.accept(FindingFilter(field="phone"), reason="agreed", person="ana")
    clock.move(hours=1)
    await run_with(state, customers[:250])
    clock.move(hours=1)
    await run_with(state, [each for each in ROWS if each.entity != "customers"], entity="orders.lines")
    yield state


Expectation = Callable[[Finding], bool]
FILTERS: list[tuple[str, FindingFilter, Expectation]] = [
    ("everything", FindingFilter(), lambda f: True),
    ("entity", FindingFilter(entity="customers"), lambda f: f.entity == "customers"),
    ("entities", FindingFilter(entity=["customers", "orders.lines"]), lambda f: True),
    ("no-entity", FindingFilter(entity=[]), lambda f: False),
    ("unknown-entity", FindingFilter(entity="quotes"), lambda f: False),
    ("field", FindingFilter(field="email"), lambda f: f.field == "email"),
    ("whole-record", FindingFilter(field=""), lambda f: f.field is None),
    ("kind", FindingFilter(kind=FindingKind.ONLY_IN_CRM), lambda f: f.kind == "only_in_crm"),
    ("causes", FindingFilter(cause=["case", "scale"]), lambda f: f.cause in ("case", "scale")),
    ("status", FindingFilter(status="closed"), lambda f: f.status == "closed"),
    ("unknown-status", FindingFilter(status="lost"), lambda f: False),
    (
        "several-parts",
        FindingFilter(entity="customers", status=["open", "accepted"], cause="accents"),
        lambda f: f.entity == "customers" and f.status != "closed" and f.cause == "accents",
    ),
    ("key", FindingFilter(key="00000000000007"), lambda f: f.key == "00000000000007"),
    (
        "key-and-status",
        FindingFilter(key="00000000000007", status="open"),
        lambda f: f.key == "00000000000007" and f.status == "open",
    ),
    ("shown-key", FindingFilter(key="A|2"), lambda f: f.key == "A\x1f2"),
    ("key-with-a-bar", FindingFilter(key="A|1"), lambda f: f.key == "A|1"),
    ("key-begins", FindingFilter(key="000000000000*"), lambda f: f.entity == "customers"),
    ("key-ends", FindingFilter(key="*42"), lambda f: f.key.endswith("42")),
    ("key-has", FindingFilter(key="*00*3*"), lambda f: "3" in f.key[2:]),
    ("key-case-counts", FindingFilter(key="A*"), lambda f: f.key.startswith("A")),
    ("key-percent", FindingFilter(key="%*"), lambda f: False),
    ("key-underscore", FindingFilter(key="a_b*"), lambda f: f.key.startswith("a_b")),
    ("key-underscore-is-itself", FindingFilter(key="*A_1*"), lambda f: False),
    ("key-brackets", FindingFilter(key="*c[d]*"), lambda f: "c[d]" in f.key),
    ("key-question", FindingFilter(key="*?e"), lambda f: f.key.endswith("?e")),
    ("key-question-is-itself", FindingFilter(key="*?b*"), lambda f: False),
    ("key-backslash", FindingFilter(key="*\\*"), lambda f: False),
    ("keys", FindingFilter(key=["Ab", "*43"]), lambda f: f.key == "Ab" or f.key.endswith("43")),
    ("ids", FindingFilter(ids=[row("Ab").id, ROWS[5].id, "f" * 16]), lambda f: f.id in (ROWS[5].id,)),
    ("ids-and-entity", FindingFilter(ids=[ROWS[5].id], entity="orders.lines"), lambda f: False),
    ("no-ids", FindingFilter(ids=[]), lambda f: False),
]


async def _all(state: State) -> list[Finding]:
    everything = await state.findings.page(limit=1_000)
    assert len(everything) == len(ROWS)
    return everything


def _order(sort: FindingSort) -> Callable[[Finding], tuple[object, ...]]:
    match sort:
        case FindingSort.ID:
            return lambda finding: (finding.id,)
        case FindingSort.KEY:
            return lambda finding: (finding.key.encode(), finding.id)
        case FindingSort.LAST_SEEN:
            return lambda finding: (-finding.last_seen.timestamp(), -int(finding.id, 16))


async def test_every_filter_chooses_exactly_what_it_says_in_every_order(filled: State) -> None:
    everything = await _all(filled)
    for name, chosen, expected in FILTERS:
        right = [finding for finding in everything if expected(finding)]
        for sort in FindingSort:
            page = await filled.findings.page(chosen, limit=1_000, sort=sort)
            assert page == sorted(right, key=_order(sort)), f"{name} by {sort}"
        assert await filled.findings.count(chosen) == len(right), name


async def test_pages_by_offset_and_by_the_last_one_seen_cover_everything_once(filled: State) -> None:
    filters = [FindingFilter(), FindingFilter(status="closed"), FindingFilter(cause="scale"), FindingFilter(key="0*3*")]
    for chosen, sort in product(filters, FindingSort):
        whole = await filled.findings.page(chosen, limit=1_000, sort=sort)
        by_offset: list[Finding] = []
        by_last: list[Finding] = []
        while page := await filled.findings.page(chosen, limit=73, offset=len(by_offset), sort=sort):
            by_offset += page
        while page := await filled.findings.page(
            chosen, limit=73, sort=sort, after=by_last[-1].id if by_last else None
        ):
            by_last += page
        assert by_offset == whole, sort
        assert by_last == whole, sort


async def test_iterating_gives_the_same_as_one_large_page(filled: State) -> None:
    chosen = FindingFilter(status=["open", "accepted"])
    for sort in FindingSort:
        iterated = [finding async for finding in filled.findings.iterate(chosen, sort=sort)]
        assert iterated == await filled.findings.page(chosen, limit=1_000, sort=sort)


async def test_an_iteration_keeps_its_view_while_the_state_changes(filled: State) -> None:
    before = await _all(filled)
    iterated: list[Finding] = []
    async with aclosing(filled.findings.iterate()) as findings:
        async for finding in findings:
            if not iterated:
                await run_with(filled, [])
            iterated.append(finding)
    assert iterated == before
    assert await _all(filled) != before


async def test_an_iteration_left_early_gives_its_connection_back(filled: State) -> None:
    for _ in range(30):
        async with aclosing(filled.findings.iterate()) as findings:
            async for _finding in findings:
                break
    assert await filled.findings.count() == len(ROWS)


async def test_a_summary_counts_by_everything_and_largest_first(filled: State) -> None:
    everything = await _all(filled)
    summary = await filled.findings.summary()
    assert summary.total == len(ROWS)
    assert summary.by_entity == {"customers": 400, "orders.lines": 5}
    assert summary.by_kind == {"differs": 305, "only_in_crm": 100}
    assert summary.by_field[""] == 100
    for counts, attribute in (
        (summary.by_cause, "cause"),
        (summary.by_status, "status"),
    ):
        for value, count in counts.items():
            assert count == sum(getattr(finding, attribute) == value for finding in everything)
    assert list(summary.by_cause.values()) == sorted(summary.by_cause.values(), reverse=True)


async def test_a_summary_by_key_counts_only_those(filled: State) -> None:
    summary = await filled.findings.summary(FindingFilter(key="A|*"))
    assert (summary.by_cause, summary.by_status) == ({"rounding": 2}, {"open": 2})


async def test_a_finding_is_named_by_a_unique_beginning(filled: State) -> None:
    ids = sorted(each.id for each in ROWS)
    wanted = ids[200]
    others = {other for other in ids if other != wanted}
    length = next(n for n in range(1, 17) if not any(other.startswith(wanted[:n]) for other in others))
    assert (await filled.findings.get(wanted[:length])).id == wanted
    with pytest.raises(RefusedError, match="several findings"):
        await filled.findings.get(wanted[: length - 1] or ids[0][:1])


async def test_fingerprints_at_the_ends_of_their_range_are_kept_and_found(state: State) -> None:
    ends = ["0" * 16, "7fffffffffffffff", "8" + "0" * 15, "f" * 16]
    await run_with(state, [row(str(number))._replace(id=each) for number, each in enumerate(ends)])
    assert [finding.id for finding in await state.findings.page(limit=9)] == ends
    assert [(await state.findings.get(each[:3])).id for each in ends] == ends


async def test_what_cannot_be_an_id_is_refused(state: State) -> None:
    for unknown in ("", "xyz", "0123456789abcdef0", "ABC", "%"):
        with pytest.raises(RefusedError, match="hexadecimal"):
            await state.findings.get(unknown)
        with pytest.raises(RefusedError, match="hexadecimal"):
            await state.findings.page(FindingFilter(ids=unknown), limit=5)


async def test_an_id_that_is_not_there_is_refused(state: State) -> None:
    with pytest.raises(RefusedError, match="there is no finding"):
        await state.findings.get("0123456789abcdef")
    with pytest.raises(RefusedError, match="there is no finding"):
        await state.findings.page(limit=5, after="0123456789abcdef")
    with pytest.raises(RefusedError, match="there is no finding"):
        await state.findings.history("0123456789abcdef")


async def test_hundreds_of_thousands_of_ids_can_be_asked_for_at_once(filled: State) -> None:
    many_ids = [f"{number:016x}" for number in range(100_000)] + [ROWS[3].id]
    assert await filled.findings.count(FindingFilter(ids=many_ids)) == 1


async def test_thousands_of_keys_can_be_asked_for_at_once_but_not_of_patterns(filled: State) -> None:
    keys = [f"none-{number}" for number in range(50_000)]
    assert await filled.findings.count(FindingFilter(key=[*keys, "Ab", "*|2"])) == 2
    with pytest.raises(RefusedError, match="patterns"):
        await filled.findings.count(FindingFilter(key=[f"{key}*" for key in keys]))


async def test_two_states_can_read_while_one_is_being_written(state_url: str, tmp_path: Path) -> None:
    async with State.open(state_url, tmp_path) as writer, State.open(state_url, tmp_path) as reader:
        await run_with(writer, [row()])
        assert [finding.status for finding in await reader.findings.page(limit=5)] == [FindingStatus.OPEN]


async def test_examples_of_each_filter_are_the_beginning_of_its_first_page(filled: State) -> None:
    """More filters than one statement takes, several of which choose the same findings and some none."""
    filters = [filter_ for _, filter_, _ in FILTERS]
    many_filters = [*filters, *[filters[0]] * 200]

    examples = await filled.findings.examples(many_filters, each=3)

    pages = [await filled.findings.page(filter_, limit=3) for filter_ in filters]
    assert examples == [*pages, *[pages[0]] * 200]
