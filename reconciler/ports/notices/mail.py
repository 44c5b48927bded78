"""Telling by mail."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from typing import Final

import aiosmtplib

from reconciler.ports.notices.delivery import Message, NotDeliveredError

_SENDER_NAME: Final = "Reconciler"
_PERMANENT: Final = 500
_GOODBYE_S: Final = 1.0
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9.-]")


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Hands mail to one server.

    Attributes:
        starttls: the connection is protected before anything is said; a server that does not offer it gets nothing.
        implicit_tls: it is protected from its first byte; `starttls` counts for nothing then.
        username, password: None where the server wants no login.
    """

    server: str
    port: int
    sender: str
    to: tuple[str, ...]
    starttls: bool = True
    implicit_tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str = "mail"

    @property
    def host(self) -> str:
        """The mail server."""
        return self.server

    async def attempt(self, message: Message) -> str:
        """Hand it in once.

        Returns:
            How many of several recipients the server refused, where it took the mail for others.

        Raises:
            NotDeliveredError: the server did not take it for anybody.
        """
        client = self._client()
        try:
            await client.connect()
            refused, _ = await client.send_message(self.mail(message))
            # It has the mail: a server that does not take leave must not make us send it again.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_S)
        except ssl.SSLCertVerificationError as error:
            raise NotDeliveredError("its certificate is not trusted", again=False) from error
        except aiosmtplib.SMTPException as error:
            raise _not_delivered(error) from error
        except OSError as error:
            raise NotDeliveredError("it cannot be reached, or ended the connection", again=True) from error
        finally:
            client.close()
        return f"refused for {len(refused)} of {len(self.to)} recipients" if refused else ""

    def _client(self) -> aiosmtplib.SMTP:
        protected = self.starttls or self.implicit_tls
        return aiosmtplib.SMTP(
            hostname=self.server,
            port=self.port,
            username=self.username,
            password=self.password,
            # Asked from the name service it may take longer than everything else.
            local_hostname=_NOT_IN_A_NAME.sub("-", socket.gethostname()) or "localhost",
            timeout=None,
            use_tls=self.implicit_tls,
            start_tls=self.starttls and not self.implicit_tls,
            tls_context=ssl.create_default_context() if protected else None,
        )

    def mail(self, message: Message) -> EmailMessage:
        """The mail; its id is the same for every try."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(_SENDER_NAME, addr_spec=self.sender)
        mail["To"] = ", ".join(self.to)
        mail["Subject"] = message.subject
        mail["Date"] = localtime()
        mail["Message-ID"] = f"<{message.identity}@{self.sender.rpartition('@')[2]}>"
        # Keeps absence notes from being sent back.
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = message.language
        mail.set_content(message.text)
        return mail


def _not_delivered(error: aiosmtplib.SMTPException) -> NotDeliveredError:
    """Without the server's words: they repeat addresses."""
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code):
            return NotDeliveredError("it refused the login", again=code < _PERMANENT)
        case aiosmtplib.SMTPRecipientsRefused(recipients=recipients):
            again = any(refused.code < _PERMANENT for refused in recipients)
            return NotDeliveredError("it refused every recipient", again=again)
        case aiosmtplib.SMTPResponseException(code=code):
            return NotDeliveredError(f"it answered with code {code}", again=code < _PERMANENT)
        case aiosmtplib.SMTPTimeoutError():
            return NotDeliveredError("it did not answer in time", again=True)
        case ConnectionError():
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                return NotDeliveredError("its certificate is not trusted", again=False)
            return NotDeliveredError("it cannot be reached, or ended the connection", again=True)
        case _:
            return NotDeliveredError("it does not offer what is asked of it: STARTTLS, or the login", again=False)
