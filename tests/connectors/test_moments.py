"""How a moment is written in requests for changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.connectors.moments import format_problem, moment_values, zone_problem
from reconciler.ports.http.references import resolve_request
from reconciler.ports.http.settings import Request

_BRASILIA = ZoneInfo("America/Sao_Paulo")
_MOMENT = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)

WRITTEN = {
    "iso": ("iso", "2026-11-21T22:02:03-03:00"),
    "iso_utc": ("iso_utc", "2026-11-22T01:02:03Z"),
    "date_dmy": ("date_dmy", "21/11/2026"),
    "strftime": ("%d/%m/%Y %H:%M:%S", "21/11/2026 22:02:03"),
}


@pytest.mark.parametrize(("written", "text"), WRITTEN.values(), ids=WRITTEN)
def test_a_moment_is_written_as_the_description_says(written: str, text: str) -> None:
    assert moment_values(_MOMENT, written, _BRASILIA)["since"] == text


def _resolved(query: dict[str, str], written: str) -> dict[str, str]:
    request = Request(path="/", query=dict(query))
    return resolve_request(request, moment_values(_MOMENT, written, _BRASILIA)).query


def test_parts_are_in_utc() -> None:
    query = {"t": "{since.year}-{since.month}-{since.day}-{since.hour}", "f": "$since.microsecond"}
    assert _resolved(query, "parts") == {"t": "2026-11-22-01", "f": "456789"}


def test_parts_go_with_any_format() -> None:
    query = {"day": "{since.day}", "hour": "{since.hour}", "whole": "$since"}
    assert _resolved(query, "iso") == {"day": "21", "hour": "22", "whole": "2026-11-21T22:02:03-03:00"}


@given(st.integers(0, 4 * 10**15), st.integers(-12, 14))
def test_a_moment_is_never_written_later_than_it_is(microseconds: int, hours: int) -> None:
    """Changes of the cut-off fraction would be missed."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    zone = timezone(timedelta(hours=hours))
    since = moment_values(moment, "iso", zone)["since"]
    assert isinstance(since, str)
    assert timedelta() <= moment - datetime.fromisoformat(since) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("iso", None),
        ("parts", None),
        ("%d/%m/%Y", None),
        ("ISO", "nor a strftime format"),
        ("%d/%b/%Y", "%b is not supported"),
        ("%H:%M", "a day, a month and a year"),
        ("%", "is not supported"),
    ],
)
def test_formats_that_cannot_be_written_are_told(written: str, problem: str | None) -> None:
    found = format_problem(written)
    assert found is None if problem is None else problem in (found or "")


@pytest.mark.parametrize(
    ("name", "right"), [("America/Sao_Paulo", True), ("UTC", True), ("Sao_Paulo", False), ("../etc/passwd", False)]
)
def test_time_zones_are_iana_names(name: str, right: bool) -> None:
    assert (zone_problem(name) is None) is right
