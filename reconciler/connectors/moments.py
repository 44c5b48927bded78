"""How a moment is written for "changed since" requests. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.references import MOMENT_PARTS, Value

MOMENT_FORMATS: Final = ("iso", "iso_utc", "unix_ms", "date_dmy", "parts")
"""Named formats; any other is a strftime format.

* `iso`: `2026-11-22T10:11:12-03:00`
* `iso_utc`: `2026-11-22T13:11:12Z`
* `unix_ms`: `1795353072000`, milliseconds since 1970 of the whole second
* `date_dmy`: `22/11/2026`
* `parts`: `since.year` to `since.microsecond`, in UTC

Where nothing says otherwise the time is local to the zone of the system, or else of the project.
"""

_DIRECTIVE: Final = re.compile("%(.?)")
_DIRECTIVES: Final = frozenset("dmYyHMSfz%")
_TEMPLATES: Final = {"date_dmy": "%d/%m/%Y"}


def zone_problem(name: str) -> str | None:
    """Why this is not a time zone, or None."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return phrase("{name} is not an IANA time zone", name=repr(name))
    return None


def format_problem(text: str) -> str | None:
    """Why moments cannot be written so, or None."""
    if text in MOMENT_FORMATS:
        return None
    directives = _DIRECTIVE.findall(text)
    if not directives:
        known = ", ".join(MOMENT_FORMATS)
        return phrase("{written} is neither {known} nor a strftime format", written=repr(text), known=known)
    for directive in directives:
        if directive not in _DIRECTIVES:
            return phrase("directive %{directive} is not supported", directive=directive)
    if not {"d", "m"} <= set(directives) or not {"Y", "y"} & set(directives):
        return phrase("must hold a day, a month and a year")
    return None


def moment_values(moment: datetime, written: str, zone: tzinfo) -> dict[str, Value]:
    """What `since` and its parts stand for in a request.

    Never later than `moment`: what a format cannot say (fractions, the time of day) is cut off.

    Args:
        moment: aware.
        written: a format without a `format_problem`.
        zone: where the time is local.
    """
    local = moment.astimezone(UTC if written in {"parts", "iso_utc"} else zone)
    if written == "parts":
        return {"since": local}
    if written == "iso":
        text = local.isoformat(timespec="seconds")
    elif written == "iso_utc":
        text = f"{local:%Y-%m-%dT%H:%M:%S}Z"
    elif written == "unix_ms":
        text = f"{int(moment.timestamp())}000"
    else:
        text = local.strftime(_TEMPLATES.get(written, written))
    return {"since": text, **{f"since.{part}": getattr(local, part) for part in MOMENT_PARTS}}
