"""What goes out and what comes back, one HTTP exchange at a time. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from yarl import URL

from reconciler.model.value import value
from reconciler.ports.http.settings import BodyFormat

AnswerCheck = Callable[[bytes, str | None], str | None]
"""Given the body of an answer and, if it is known, its character set: why it is not what a contract says, or None."""


@value
class Outgoing:
    """A request ready to be sent.

    Attributes:
        label: how messages and logs name it: the verb and the path as the description writes it, without any value.
        format: of the answer that is expected; `check` what else is expected of it.
    """

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    label: str
    format: BodyFormat = "json"
    check: AnswerCheck | None = None


@value
class Answer:
    """A whole answer.

    Attributes:
        headers: names compare without case.
        body: decompressed; UTF-8 without a byte order mark, whatever character set the answer declared. XML that names
            its character set in its own declaration only is as it came.
        received_at: aware, our clock.
        url: where it came from. Its query may hold secrets and personal data.
        next_link: target of the `Link` header with `rel="next"`, or None.
        format, check: what was expected, as in `Outgoing`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    url: URL
    next_link: str | None = None
    format: BodyFormat = "json"
    check: AnswerCheck | None = None


@value
class Reply:
    """An answer that was accepted.

    Attributes:
        body: the bytes `document` was decoded from; empty when there were none.
        document: the decoded JSON, or the tree of an XML body; None when `empty`.
        url: where it came from. Its query may hold secrets and personal data.
        empty: the system said that there is nothing (204, or an outcome rule with `then = "empty"`).
        next_link: target of the `Link` header with `rel="next"`, or None.
        format: of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    document: JsonValue
    url: URL
    empty: bool = False
    next_link: str | None = None
    format: BodyFormat = "json"


@dataclass(slots=True)
class Traffic:
    """Counters of one port since it was opened, for the run report.

    Attributes:
        requests: sent, repetitions and logins included.
        retries: requests sent again after a failure.
        renewals: sessions or tokens obtained after the first.
        received_bytes: bodies after decompression.
        waited_s: time that calls spent waiting for the throttle, added over calls.
    """

    requests: int = 0
    retries: int = 0
    renewals: int = 0
    received_bytes: int = 0
    waited_s: float = 0.0
