"""What holds for every test."""

from __future__ import annotations

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_as_before_any_command() -> None:
    """A test that runs a command in this process leaves its filter of log lines; the next one sees every line."""
    structlog.reset_defaults()
