"""What holds for every test."""

from __future__ import annotations

import gc

import pytest
import structlog

# Some million objects of modules and tests stay to the end: looking for garbage at Python's usual pace costs a tenth.
gc.set_threshold(10_000, 20, 20)

_LONGEST = frozenset(
    {"test_kill.py", "test_state_kill.py", "test_end_to_end.py", "test_four_ports.py", "test_laws.py", "test_wheel.py"}
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture(autouse=True)
def _logging_as_before_any_command() -> None:
    """A test that runs a command in this process leaves its filter of log lines; the next one sees every line."""
    structlog.reset_defaults()
