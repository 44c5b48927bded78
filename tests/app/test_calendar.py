"""The day of a time zone: at midnight it is another one, also where a clock change makes the day longer or shorter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reconciler.app.calendar import Calendar

ZONES = ("America/Sao_Paulo", "Europe/Lisbon", "Pacific/Apia")


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_is_that_of_the_zone_at_every_hour_and_when_the_clock_goes_back(zone: str) -> None:
    moments = [datetime(2011, 12, 26, tzinfo=UTC) + timedelta(minutes=30 * half) for half in range(48 * 9)]
    moments += [datetime(2018, 11, 3, tzinfo=UTC) + timedelta(minutes=30 * half) for half in range(96)]
    now = moments[0]
    calendar = Calendar(ZoneInfo(zone), lambda: now.timestamp())
    for now in [*moments, *reversed(moments)]:
        assert calendar.today() == now.astimezone(ZoneInfo(zone)).date()
