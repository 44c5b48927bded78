"""`[notify]` of the project file: who is told after a run, of what, and by which way."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from reconciler.project_secrets import SecretSource
from reconciler.project_types import StrictSection

NotifyOn = Literal["findings", "failure", "unknown"]

_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"()\\\[\]]+@[^@\s<>,;:\"()\\\[\]]+")


def _mail_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or not text.isascii():
        raise ValueError("is not a bare e-mail address; an example is ops@example.com")
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _receiver(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("must be an address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user or password; what is sent is proved by its signature")
    if not url.isprintable() or " " in url:
        raise ValueError("holds spaces or control characters")
    return url


MailAddress = Annotated[str, AfterValidator(_mail_address)]


class NotifyWebhook(StrictSection):
    """A receiver of signed POSTs, by the rules of Standard Webhooks.

    Attributes:
        secret: `whsec_` and Base64 of 24 to 64 bytes; the receiver has the same one.
    """

    url: Annotated[str, AfterValidator(_receiver)]
    secret: SecretStr | SecretSource


class NotifySmtp(StrictSection):
    """A mail server, and who writes to whom.

    Attributes:
        port: 587 is where programs hand in mail; 465 goes with `implicit_tls`.
        sender: `from` in the file.
        starttls: the connection is protected before anything is said; without it being offered nothing is sent.
        implicit_tls: it is protected from its first byte; `starttls` counts for nothing then.
        username: for servers that want a login; then with `password`.
    """

    host: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9.:_-]+$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: MailAddress = Field(alias="from")
    to: Annotated[list[MailAddress], BeforeValidator(_listed), Field(min_length=1, max_length=50)]
    starttls: bool = True
    implicit_tls: bool = False
    username: str | None = None
    password: SecretStr | SecretSource | None = None

    @model_validator(mode="after")
    def _check_login(self) -> NotifySmtp:
        if (self.username is None) != (self.password is None):
            raise ValueError("a login has both `username` and `password`")
        protected = self.starttls or self.implicit_tls
        if self.username is not None and not protected and not _is_this_machine(self.host):
            raise ValueError("without `starttls` or `implicit_tls` the password would travel in the clear")
        return self


class NotifySection(StrictSection):
    """Who is told after a run. Without `webhook` and `smtp`, nobody.

    Attributes:
        on: `findings`: new ones, from `[run] fail_on` on; `failure`: the run failed, or something was not compared;
            `unknown`: corrections that were sent and nobody knows whether they were done.
    """

    webhook: NotifyWebhook | None = None
    smtp: NotifySmtp | None = None
    on: list[NotifyOn] = Field(default=["findings", "failure", "unknown"])


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
