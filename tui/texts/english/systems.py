"""What the systems say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "systems.none": "Nothing was asked yet.",
    "systems.none_to_do": "Press c: a few pages of each entity are read from both systems; nothing is written.",
    "systems.checking": "Asking both systems … Esc gives up.",
    "systems.checked_at": "Asked at {at}",
    "systems.partial": "not everything can be read: {systems}",
    "systems.grade": "grade {grade}",
    "systems.ports": "Ports of communication",
    "systems.calls": "Calls",
    "systems.rate": "{calls} in {seconds} s",
    "systems.no_rate": "no limit",
    "systems.throttle": "throttle: {rates}; {concurrency} at once",
    "systems.sent": "sent in this check: {requests} ({retries} again); waited for the throttle: {waited}",
    "systems.blocked": "calls are refused until {until}",
    "systems.breaker": "breaker: {state} ({errors} errors in a row)",
    "systems.breaker_open": "open, nobody asks",
    "systems.breaker_closed": "closed",
    "systems.entities": "Entities",
    "systems.head.entity": "Entity",
    "systems.head.read": "Read",
    "systems.head.total": "Of",
    "systems.head.rejected": "Rejected",
    "systems.head.verified": "Verified",
    "systems.head.can": "Can",
    "systems.unreadable": "{field} unreadable in {count}",
    "systems.limits": "What limits the integration",
    "systems.no_limits": "Nothing was found.",
    "systems.desk": "Tax desk",
    "systems.desk_unused": "No taxes were asked in this session (4).",
    "systems.desk_at": "As it stood at {at}",
    "systems.desk_limits": "deadline: {deadline} s; {at_once} questions at once",
    "systems.desk_breaker": "breaker: {state} ({failures} failures in a row)",
    "systems.desk_retry": "nobody asks for {seconds} s",
    "systems.circuit.closed": "closed",
    "systems.circuit.open": "open, nobody asks",
    "systems.circuit.half_open": "half open, one question tries",
    "systems.desk_sent": "sent for the last answer: {requests} ({retries} again); waited for the throttle: {waited}",
}
