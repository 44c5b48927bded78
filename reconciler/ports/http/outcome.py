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
from typing import Final, Literal

from pydantic import JsonValue

from reconciler.phrases.phrase import phrase
from reconciler.ports.http.decoding import Decoded, Undecodable, decode
from reconciler.ports.http.json_path import ABSENT, scalar_text, value_at
from reconciler.ports.http.messages import Answer
from reconciler.ports.http.settings import HttpSettings, Outcome
from reconciler.ports.soap.faults import SoapFault, fault_of

_ATTEMPTS_WHEN_UNLIKELY_TO_PASS: Final = 3
"""How often an answer is asked for in all, when it is probably the same again: a web page, a server's own error."""

_RETRIED_STATUS: Final = frozenset({408, 425, 429, 502, 503, 504})
_SILENT_STATUS: Final = frozenset({*range(300, 400), 408})
"""Below 500, and yet they do not tell that nothing was done: a redirect may follow a write."""

_LONGEST_WORDS_CHARACTERS: Final = 2000
"""Of a vendor's own words. Whoever shows them masks secrets first and cuts them to a readable length after."""

_WORDS: Final = {
    400: "bad request",
    403: "forbidden",
    404: "not found",
    405: phrase("method not allowed"),
    408: "request timeout",
    429: phrase("too many requests"),
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
        may_have_acted: whether the system may have done what it was asked nevertheless: a server's own error, or an
            answer that says nothing about it. Its own words, and 4xx, say that it did not.
    """

    code: str
    message: str
    kind: Literal["fault", "not_understood", "timeout", "unreachable"] = "fault"
    hint: str = ""
    may_have_acted: bool = False


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
    """Stay away until then (aware). `may_have_acted` as in `Fail`."""

    until: datetime
    message: str
    may_have_acted: bool = False


Decision = Page | Empty | Retry | RefreshAuth | Blocked | Fail


def classify(
    answer: Answer, settings: HttpSettings, extra: Sequence[Outcome] = (), own: Sequence[Outcome] = ()
) -> Decision:
    """Decide what an answer means.

    Args:
        own: rules of the request, tried before those of the settings.
        extra: rules tried after those of the settings and before the general ones (a `Range` listing adds 416).
    """
    decoded = decode(answer, settings)
    for rule in (*own, *settings.outcomes, *extra):
        if _matches(rule, answer, decoded):
            return _ruled(rule, answer, decoded, settings)
    return _general(answer, decoded, settings)


def next_utc_midnight(moment: datetime) -> datetime:
    """Start of the next UTC day, when day budgets are full again."""
    return datetime.combine(moment.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)


def _matches(rule: Outcome, answer: Answer, decoded: Decoded) -> bool:
    if rule.status and answer.status not in rule.status:
        return False
    if any(answer.headers.get(name) != text for name, text in rule.headers.items()):
        return False
    if rule.at is None:
        return not rule.contains or any(text.encode() in answer.body for text in rule.contains)
    if isinstance(decoded, Undecodable):
        return False
    found = value_at(decoded, rule.at)
    if rule.missing:
        return found is ABSENT
    if not rule.equals and not rule.contains:
        return found is not ABSENT and found not in (None, "", [], {})
    text = scalar_text(found)
    return text is not None and (text in rule.equals or any(part in text for part in rule.contains))


def _ruled(rule: Outcome, answer: Answer, decoded: Decoded, settings: HttpSettings) -> Decision:
    match rule.then:
        case "page":
            return _undecodable(decoded, answer) if isinstance(decoded, Undecodable) else Page(decoded)
        case "empty":
            return Empty()
        case "refresh_auth":
            return RefreshAuth()
        case "fail":
            return _vendor_fault(rule, answer, decoded)
        case "blocked":
            return _blocked(answer, _block_s(answer, decoded, rule, settings), _vendor_fault(rule, answer, decoded))
        case "retry":
            wait_s = _asked_wait_s(answer, decoded, rule)
            fault = _vendor_fault(rule, answer, decoded)
            return _retry(answer, settings, fault, wait_s, rejected=answer.status == 429)


def _general(answer: Answer, decoded: Decoded, settings: HttpSettings) -> Decision:
    status = answer.status
    if status in {204, 205}:
        return Empty()
    soap = _soap_fault(answer, decoded)
    if 200 <= status < 300 and soap is None:
        return _undecodable(decoded, answer) if isinstance(decoded, Undecodable) else Page(decoded)
    if status == 401:
        return RefreshAuth()
    fault = _fault(answer, decoded)
    if status in _RETRIED_STATUS:
        return _retry(answer, settings, fault, _asked_wait_s(answer, decoded), rejected=status == 429)
    if status >= 500 if soap is None else soap.by_server:
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
        return _blocked(answer, wait_s, at_last)
    return Retry(wait_s, at_last, attempts, rejected)


def _blocked(answer: Answer, wait_s: float | None, fault: Fail) -> Blocked:
    if wait_s is None:
        return Blocked(next_utc_midnight(answer.received_at), fault.message, fault.may_have_acted)
    longest_s = timedelta(days=366).total_seconds()
    until = answer.received_at + timedelta(seconds=min(wait_s, longest_s))
    return Blocked(until, fault.message, fault.may_have_acted)


def _undecodable(what: Undecodable, answer: Answer) -> Retry | Fail:
    text = phrase("{text} (HTTP {status})", text=what.text, status=answer.status)
    fail = Fail(str(answer.status), text, "not_understood", what.hint, may_have_acted=True)
    return Retry(None, fail, _ATTEMPTS_WHEN_UNLIKELY_TO_PASS) if what.again else fail


def _status_fault(status: int) -> Fail:
    words = f" ({_WORDS[status]})" if status in _WORDS else ""
    hint = ""
    if 300 <= status < 400:
        words = phrase(" (a redirect, which is not followed: credentials would travel with it)")
        hint = phrase("Write the address it leads to as base_url; often https:// instead of http://.")
    elif status == 403:
        hint = phrase("The user of the integration may lack a permission.")
    elif status == 404:
        hint = phrase("Check base_url and the path in the description.")
    may_have_acted = status in _SILENT_STATUS or status >= 500
    return Fail(
        str(status),
        phrase("answered HTTP {status}{words}", status=status, words=words),
        hint=hint,
        may_have_acted=may_have_acted,
    )


def _soap_fault(answer: Answer, decoded: Decoded) -> SoapFault | None:
    return None if answer.format != "soap" or isinstance(decoded, Undecodable) else fault_of(decoded)


def _fault(answer: Answer, decoded: Decoded) -> Fail:
    """What the answer says if it is an error: the words of a SOAP fault, or what its status means."""
    by_status = _status_fault(answer.status)
    fault = _soap_fault(answer, decoded)
    if fault is None:
        return by_status
    # Faults come with 200 or 500 alike; any other status says more about the call than the class of the fault.
    tells_by_status = 400 <= answer.status < 500
    code = by_status.code if tells_by_status or not fault.code else _plain(fault.code)
    words = (
        phrase("answered a fault of its own: {plain}", plain=_plain(fault.message))
        if fault.message
        else phrase("answered the fault {code}", code=code)
    )
    return Fail(code, words, hint=by_status.hint, may_have_acted=fault.by_server and not tells_by_status)


def _vendor_fault(rule: Outcome, answer: Answer, decoded: Decoded) -> Fail:
    code = message = None
    if not isinstance(decoded, Undecodable):
        code = scalar_text(value_at(decoded, rule.code)) if rule.code is not None else None
        message = scalar_text(value_at(decoded, rule.message)) if rule.message is not None else None
    if message is None and rule.message_header is not None:
        message = answer.headers.get(rule.message_header)
    by_itself = _fault(answer, decoded)
    shown = phrase("answered an error of its own: {plain}", plain=_plain(message)) if message else by_itself.message
    in_words = rule.at is not None or bool(rule.contains)
    code = _plain(code) if code else by_itself.code
    return Fail(code, shown, may_have_acted=by_itself.may_have_acted and not in_words)


def _plain(text: str) -> str:
    """Vendor text without control characters, in one line."""
    text = text[:_LONGEST_WORDS_CHARACTERS]
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _asked_wait_s(answer: Answer, decoded: Decoded, rule: Outcome | None = None) -> float | None:
    """Seconds to wait: what the rule reads from the answer, then `Retry-After`, then the rule's fixed wait."""
    wait_s = None if rule is None else _read_wait_s(answer, decoded, rule)
    if wait_s is None:
        wait_s = _retry_after_s(answer)
    return wait_s if wait_s is not None or rule is None else rule.wait_s


def _block_s(answer: Answer, decoded: Decoded, rule: Outcome, settings: HttpSettings) -> float | None:
    """Seconds to stay away. None until the next day.

    A short `Retry-After` does not count: it speaks of the calls in a moment, and may come with a spent day (Pipedrive).
    """
    wait_s = _read_wait_s(answer, decoded, rule)
    header_s = _retry_after_s(answer)
    if wait_s is None and header_s is not None and header_s > settings.retry.patience_s:
        wait_s = header_s
    return rule.wait_s if wait_s is None else wait_s


def _read_wait_s(answer: Answer, decoded: Decoded, rule: Outcome) -> float | None:
    """What the rule says is in the body."""
    if not isinstance(decoded, Undecodable) and rule.wait_path is not None:
        wait_s = _seconds(scalar_text(value_at(decoded, rule.wait_path)))
        if wait_s is not None:
            return wait_s
    found = re.search(rule.wait_pattern, _searched_text(rule, answer, decoded)) if rule.wait_pattern else None
    return _seconds(found[1]) if found else None


def _searched_text(rule: Outcome, answer: Answer, decoded: Decoded) -> str:
    if rule.at is not None and not isinstance(decoded, Undecodable):
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
