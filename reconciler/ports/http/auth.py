"""How requests to a system are signed: the interface, and the kinds that never change while we run."""

from __future__ import annotations

import base64
from typing import Protocol

from reconciler.errors import ConfigurationError, CredentialsRefusedError
from reconciler.logs import keep_out_of_logs
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.composing import Signature
from reconciler.ports.http.references import Values, resolve_text
from reconciler.ports.http.settings import BasicAuth, BearerAuth, BodyAuth, HeaderAuth, NoAuth, QueryAuth


class Authentication(Protocol):
    """Signs requests."""

    async def ready(self) -> None:
        """Return when `signature` can be used; opens a session or asks for a token first where that is needed.

        Raises:
            CredentialsRefusedError: the system does not accept us.
            SystemReadError: it did not answer.
        """
        ...

    @property
    def signature(self) -> Signature:
        """What to sign the next request with."""
        ...

    def accepted(self, generation: int) -> None:
        """The system answered a request signed by this generation."""
        ...

    async def renew(self, refused: int, label: str) -> None:
        """Replace the signature of generation `refused`, which the system did not accept for the request `label`.

        Raises as `ready`.
        """
        ...

    async def close(self) -> None:
        """End what was opened."""
        ...


FixedSettings = NoAuth | HeaderAuth | QueryAuth | BodyAuth | BasicAuth | BearerAuth


class FixedAuthentication:
    """The same signature on every request. When it is refused, nothing can be renewed."""

    def __init__(self, system: str, settings: FixedSettings, values: Values) -> None:
        self._system = system
        self._settings = settings
        self._signature = _fixed(settings, values)

    async def ready(self) -> None:
        return

    @property
    def signature(self) -> Signature:
        return self._signature

    def accepted(self, generation: int) -> None:
        return

    async def renew(self, refused: int, label: str) -> None:
        if self._settings.kind == "none":
            hint = phrase("The system asks for credentials and the description declares none.")
        else:
            hint = phrase("Check the credentials in the project file and that they belong to this address.")
        raise CredentialsRefusedError(
            self._system, phrase("{label}: the credentials are not accepted.", label=label), hint=hint
        )

    async def close(self) -> None:
        return


def _fixed(settings: FixedSettings, values: Values) -> Signature:
    match settings:
        case NoAuth():
            return Signature()
        case HeaderAuth():
            return Signature(headers={settings.name: credential_text(settings.value, values)})
        case QueryAuth():
            return Signature(query={settings.name: credential_text(settings.value, values)})
        case BodyAuth():
            return Signature(fields={name: credential_text(text, values) for name, text in settings.fields.items()})
        case BasicAuth():
            username = credential_text(settings.username, values)
            return Signature(headers={"Authorization": basic(username, credential_text(settings.password, values))})
        case BearerAuth():
            return Signature(headers={"Authorization": f"Bearer {credential_text(settings.token, values)}"})


def credential_text(template: str, values: Values) -> str:
    """A credential with its values.

    Raises:
        ConfigurationError: a name is unknown, has no value, or its value holds control characters.
    """
    text = resolve_text(template, values)
    if not text:
        raise ConfigurationError(phrase("A credential that the description refers to is empty."))
    return text


def basic(username: str, password: str) -> str:
    """An HTTP Basic `Authorization` header (RFC 7617, UTF-8).

    Raises:
        ConfigurationError: the user name holds a colon, which Basic cannot carry.
    """
    if ":" in username:
        raise ConfigurationError(phrase("A user name with a colon cannot be sent with HTTP Basic."))
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    keep_out_of_logs(encoded)
    return f"Basic {encoded}"
