"""What holds for every test."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator

import pytest
import structlog

from reconciler import logs

# Some million objects of modules and tests stay to the end: looking for garbage at Python's usual pace costs a tenth.
gc.set_threshold(10_000, 20, 20)

_LONGEST = frozenset(
    {"test_kill.py", "test_state_kill.py", "test_end_to_end.py", "test_four_ports.py", "test_laws.py", "test_wheel.py"}
)
_LONG = _LONGEST | {
    *("test_conformance.py", "test_exactness_corpus.py", "test_openapi.py", "test_page_in_chromium.py"),
    *("test_pilot_week.py", "test_scenarios.py", "test_state_machine.py", "test_tax_drift_end_to_end.py"),
    *("test_tui_house.py", "test_tui_pilot.py", "test_tui_plan.py", "test_tui_plan_refusals.py", "test_tui_quotes.py"),
    *("test_tui_review.py", "test_tui_review_looks.py", "test_tui_review_monkey.py", "test_tui_settle.py"),
    "test_two_machines.py",
}
"""Where one test takes some seconds of an idle processor: on a busy machine a minute is no sign that it hangs."""
_LONG_TIMEOUT_S = 240


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)
    for item in items:
        if item.path.name in _LONG and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_LONG_TIMEOUT_S))


@pytest.fixture(autouse=True)
def _logging_as_before_any_command() -> Iterator[None]:
    """A test that runs a command in this process leaves its filter of log lines; the next one sees every line.

    Its made-up secrets, such as `wrong`, are words in the lines of others.
    """
    structlog.reset_defaults()
    known = logs._known
    yield
    logs._known = known


def pytest_unconfigure() -> None:
    """What is garbage is collected; what stays is not walked five times more, as pytest does at the end of a worker.

    Libraries look at the very end whether everything of theirs was collected, and complain if not.
    """
    for _ in range(2):
        gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
