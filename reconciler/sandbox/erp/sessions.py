"""Log-ins of the ERP and how long they last."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LIFETIME_S: Final = 1_800
_MOST_SESSIONS: Final = 1_000
_LARGEST_GRACE: Final = 8


@dataclass(slots=True)
class _Session:
    expires_at: float
    served: int = 0


class Sessions:
    """Open sessions, by token.

    Args:
        user, password: the only ones that are let in.
        now: monotonic clock, in seconds.
    """

    def __init__(self, user: str, password: str, now: Callable[[], float] = time.monotonic) -> None:
        self._user = user
        self._password = password
        self._now = now
        self._open: OrderedDict[str, _Session] = OrderedDict()
        self._lost = 0

    def open(self, user: object, password: object) -> str | None:
        """A new token, or None when the credentials are wrong. The oldest session goes when there are too many."""
        if not (isinstance(user, str) and isinstance(password, str)):
            return None
        right_user = hmac.compare_digest(user.encode(), self._user.encode())
        if not (hmac.compare_digest(password.encode(), self._password.encode()) and right_user):
            return None
        token = secrets.token_hex(24)
        self._open[token] = _Session(self._now() + LIFETIME_S)
        if len(self._open) > _MOST_SESSIONS:
            self._open.popitem(last=False)
        return token

    def is_open(self, token: str | None) -> bool:
        """Whether requests with this token are served."""
        session = self._open.get(token or "")
        if session is None:
            return False
        if session.expires_at <= self._now():
            self.close(token)
            return False
        return True

    def close(self, token: str | None) -> None:
        """Log out; closing twice does no harm."""
        self._open.pop(token or "", None)

    def loses(self, token: str, every: int) -> bool:
        """Count a data request; True, and the session is gone, when it is the one that finds it lost.

        A session lasts `every` requests, the next one twice as many, up to eight times: requests that were under way
        when a session went, and are sent again with the next one, do not lose that one too.
        """
        session = self._open[token]
        session.served += 1
        if session.served < every * min(2**self._lost, _LARGEST_GRACE):
            return False
        self.close(token)
        self._lost += 1
        return True

    def restart_counting(self) -> None:
        """Forget how many requests were served and how many sessions were lost."""
        self._lost = 0
        for session in self._open.values():
            session.served = 0
