"""What an answer means. `classify` decides, from the vendor's rules first and the general ones after; others obey.

Pure: the same answer and settings give the same decision.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final, Literal

import orjson
from pydantic import JsonValue

from reconciler.ports.http.json_path import ABSENT, scalar_text, value_at
from reconciler.ports.http.messages import Answer
from reconciler.ports.http.settings import HttpSettings, Outcome

_ATTEMPTS_WHEN_UNLIKELY_TO_PASS: Final = 3
"""How often an answer is asked for in all, when it is probably the same again: a web page, a server's own error."""

_RETRIED_STATUS: Final = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST_WORDS_CHARACTERS: Final = 2000
"""Of a vendor's own words. Whoever shows them masks secrets first and cuts them to a readable length after."""

_WORDS: Final = {
    400: "bad request",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    408: "request timeout",
    429: "too many requests",
    500: "internal error",
    502: "bad gateway",
    503: "unavailable",
    504: "gateway timeout",
}


@dataclass(frozen=True, slots=True)
class Page:
    """Read it."""

    document: JsonValue


@dataclass(frozen=True, slots=True)
class Empty:
    """The system says, in so many words, that there is nothing."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Give up.

    Attributes:
        code: the vendor's own code, or the HTTP status.
        message: what happened, to be put after the name of the request. Never the body.
        kind: `fault`, an error of the system; `not_understood`, an answer that is not what was described; `timeout` and
            `unreachable`, no answer.
        hint: what to do, one sentence, or "".
    """

    code: str
    message: str
    kind: Literal["fault", "not_understood", "timeout", "unreachable"] = "fault"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask again.

    Attributes:
        after_s: the wait the system asked for; None leaves it to the growing waits of `settings.retry`.
        at_last: what it becomes when asking again does not help.
        attempts: requests in all, when fewer than `settings.retry.attempts` are reasonable.
        rejected: the system says that it did nothing, so that even a request that writes may be sent again.
    """

    after_s: float | None
    at_last: Fail
    attempts: int | None = None
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class RefreshAuth:
    """The session or token is not accepted."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Stay away until then (aware)."""

    until: datetime
    message: str


Decision = Page | Empty | Retry | RefreshAuth | Blocked | Fail


class _NoJson(Enum):
    EMPTY = "answered with an empty body instead of JSON"
    WEB_PAGE = "answered with a web page (HTML) instead of JSON"
    CUT = "answered with JSON that ends too early"
    OTHER = "answered with something that is not JSON"


_Decoded = JsonValue | _NoJson


def classify(answer: Answer, settings: HttpSettings, extra: Sequence[Outcome] = ()) -> Decision:
    """Decide what an answer means.

    Args:
        extra: rules tried after those of the settings and before the general ones (a `Range` listing adds 416).
    """
    decoded = _decoded(answer)
    for rule in (*settings.outcomes, *extra):
        if _matches(rule, answer, decoded):
            return _ruled(rule, answer, decoded, settings)
    return _general(answer, decoded, settings)


def next_utc_midnight(moment: datetime) -> datetime:
    """Start of the next UTC day, when day budgets are full again."""
    return datetime.combine(moment.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)


def _decoded(answer: Answer) -> _Decoded:
    if not answer.body or answer.body.isspace():
        return _NoJson.EMPTY
    try:
        document: JsonValue = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        # The exception carries the whole body: it must not travel further than this line.
        pass
    else:
        return document
    first, last = answer.body.lstrip()[:1], answer.body.rstrip()[-1:]
    if first == b"<":
        return _NoJson.WEB_PAGE
    if (first, last) in {(b"{", b"}"), (b"[", b"]")} or first not in b'{["':
        return _NoJson.OTHER
    return _NoJson.CUT


def _matches(rule: Outcome, answer: Answer, decoded: _Decoded) -> bool:
    if rule.status and answer.status not in rule.status:
        return False
    if rule.at is None:
        return not rule.contains or any(text.encode() in answer.body for text in rule.contains)
    if isinstance(decoded, _NoJson):
        return False
    found = value_at(decoded, rule.at)
    if rule.missing:
        return found is ABSENT
    if not rule.equals and not rule.contains:
        return found is not ABSENT and found not in (None, "", [], {})
    text = scalar_text(found)
    return text is not None and (text in rule.equals or any(part in text for part in rule.contains))


def _ruled(rule: Outcome, answer: Answer, decoded: _Decoded, settings: HttpSettings) -> Decision:
    match rule.then:
        case "page":
            return _not_json(decoded, answer) if isinstance(decoded, _NoJson) else Page(decoded)
        case "empty":
            return Empty()
        case "refresh_auth":
            return RefreshAuth()
        case "fail":
            return _vendor_fault(rule, answer, decoded)
        case "blocked":
            wait_s = _asked_wait_s(answer, decoded, rule)
            return _blocked(answer, wait_s, _vendor_fault(rule, answer, decoded).message)
        case "retry":
            return _retry(answer, settings, _vendor_fault(rule, answer, decoded), _asked_wait_s(answer, decoded, rule))


def _general(answer: Answer, decoded: _Decoded, settings: HttpSettings) -> Decision:
    status = answer.status
    if status in {204, 205}:
        return Empty()
    if 200 <= status < 300:
        return _not_json(decoded, answer) if isinstance(decoded, _NoJson) else Page(decoded)
    if status == 401:
        return RefreshAuth()
    fault = _status_fault(status)
    if status in _RETRIED_STATUS:
        return _retry(answer, settings, fault, _asked_wait_s(answer, decoded), rejected=status == 429)
    if status >= 500:
        wait_s = _asked_wait_s(answer, decoded)
        return _retry(answer, settings, fault, wait_s, attempts=_ATTEMPTS_WHEN_UNLIKELY_TO_PASS)
    return fault


def _retry(
    answer: Answer,
    settings: HttpSettings,
    at_last: Fail,
    wait_s: float | None,
    *,
    attempts: int | None = None,
    rejected: bool = False,
) -> Retry | Blocked:
    if wait_s is not None and wait_s > settings.retry.patience_s:
        return _blocked(answer, wait_s, at_last.message)
    return Retry(wait_s, at_last, attempts, rejected)


def _blocked(answer: Answer, wait_s: float | None, message: str) -> Blocked:
    if wait_s is None:
        return Blocked(next_utc_midnight(answer.received_at), message)
    longest_s = timedelta(days=366).total_seconds()
    return Blocked(answer.received_at + timedelta(seconds=min(wait_s, longest_s)), message)


def _not_json(what: _NoJson, answer: Answer) -> Retry | Fail:
    hint = "Check base_url: the address may belong to a login page or a proxy." if what is _NoJson.WEB_PAGE else ""
    fail = Fail(str(answer.status), f"{what.value} (HTTP {answer.status})", "not_understood", hint)
    # A complete text that is no JSON (NaN, a wrong character set) is the same the next time.
    return fail if what is _NoJson.OTHER else Retry(None, fail, _ATTEMPTS_WHEN_UNLIKELY_TO_PASS)


def _status_fault(status: int) -> Fail:
    words = f" ({_WORDS[status]})" if status in _WORDS else ""
    hint = ""
    if 300 <= status < 400:
        words = " (a redirect, which is not followed: credentials would travel with it)"
        hint = "Write the address it leads to as base_url; often https:// instead of http://."
    elif status == 403:
        hint = "The user of the integration may lack a permission."
    elif status == 404:
        hint = "Check base_url and the path in the description."
    return Fail(str(status), f"answered HTTP {status}{words}", hint=hint)


def _vendor_fault(rule: Outcome, answer: Answer, decoded: _Decoded) -> Fail:
    code = message = None
    if not isinstance(decoded, _NoJson):
        code = scalar_text(value_at(decoded, rule.code)) if rule.code is not None else None
        message = scalar_text(value_at(decoded, rule.message)) if rule.message is not None else None
    shown = f"answered an error of its own: {_plain(message)}" if message else _status_fault(answer.status).message
    return Fail(_plain(code) if code else str(answer.status), shown)


def _plain(text: str) -> str:
    """Vendor text without control characters, in one line."""
    text = text[:_LONGEST_WORDS_CHARACTERS]
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _asked_wait_s(answer: Answer, decoded: _Decoded, rule: Outcome | None = None) -> float | None:
    """Seconds to wait: what the rule reads from the answer, then `Retry-After`, then the rule's fixed wait."""
    if rule is not None and not isinstance(decoded, _NoJson) and rule.wait_path is not None:
        wait_s = _seconds(scalar_text(value_at(decoded, rule.wait_path)))
        if wait_s is not None:
            return wait_s
    if rule is not None and rule.wait_pattern is not None:
        found = re.search(rule.wait_pattern, _searched_text(rule, answer, decoded))
        wait_s = _seconds(found[1]) if found else None
        if wait_s is not None:
            return wait_s
    wait_s = _retry_after_s(answer)
    return wait_s if wait_s is not None or rule is None else rule.wait_s


def _searched_text(rule: Outcome, answer: Answer, decoded: _Decoded) -> str:
    if rule.at is not None and not isinstance(decoded, _NoJson):
        return scalar_text(value_at(decoded, rule.at)) or ""
    return answer.body.decode(errors="replace")


def _retry_after_s(answer: Answer) -> float | None:
    header = answer.headers.get("Retry-After")
    if header is None:
        return None
    wait_s = _seconds(header)
    moment = _http_date(header) if wait_s is None else None
    if moment is None:
        return wait_s
    # The server's own clock measures its date; ours may differ.
    now = _http_date(answer.headers.get("Date", "")) or answer.received_at
    return max((moment - now).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _seconds(text: str | None) -> float | None:
    try:
        number = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
