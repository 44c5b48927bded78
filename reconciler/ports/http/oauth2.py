"""OAuth 2 access tokens: client credentials, or a refresh token that may be replaced at each use (RFC 6749)."""

from __future__ import annotations

import math
import time
from typing import Final
from urllib.parse import urlencode

from aiohttp import hdrs

from reconciler.errors import ConfigurationError, CredentialsRefusedError, ResponseNotUnderstoodError, VendorFaultError
from reconciler.logs import keep_out_of_logs
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.auth import basic, credential_text
from reconciler.ports.http.composing import Composer, Signature
from reconciler.ports.http.exchange import Exchange, Question
from reconciler.ports.http.json_path import ABSENT, count_of, value_at
from reconciler.ports.http.messages import Outgoing, Reply, Traffic
from reconciler.ports.http.references import resolve_text
from reconciler.ports.http.renewal import Renewal, TokenStore
from reconciler.ports.http.settings import OAuth2Auth, Outcome

REFRESH_TOKEN: Final = "oauth2.refresh_token"  # noqa: S105  # the name it is stored under
_ATTEMPTS: Final = 3
_LABEL: Final = "POST (token)"
_ERRORS: Final = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
]
_REFUSED: Final = frozenset({*_ERRORS, "400", "401", "403"})
_RULES: Final = (Outcome(at="error", equals=_ERRORS, then="fail", code="error"),)


class OAuth2Authentication:
    """A bearer token, asked for before the first request, shortly before it ends, and when it is refused."""

    def __init__(
        self,
        system: str,
        settings: OAuth2Auth,
        composer: Composer,
        exchange: Exchange,
        traffic: Traffic,
        tokens: TokenStore | None,
    ) -> None:
        """Raises ConfigurationError when a refresh token could be replaced and there is no store for the new one."""
        if settings.grant == "refresh_token" and tokens is None:
            raise ConfigurationError(
                phrase("A refresh token needs a token store: the next one would be lost at the end of the run.")
            )
        self._system = system
        self._settings = settings
        self._composer = composer
        self._exchange = exchange
        self._tokens = tokens
        self._renewal = Renewal(system, self._obtain, traffic)
        self._signature = Signature()
        self._ends_s = math.inf

    async def ready(self) -> None:
        generation = self._signature.generation
        if generation == 0 or time.monotonic() >= self._ends_s:
            await self._renewal.after(generation)

    @property
    def signature(self) -> Signature:
        return self._signature

    def accepted(self, generation: int) -> None:
        self._renewal.proven(generation)

    async def renew(self, refused: int, label: str) -> None:
        await self._renewal.next(refused, label)

    async def close(self) -> None:
        await self._renewal.settle()

    async def _obtain(self) -> None:
        if self._settings.grant == "client_credentials":
            await self._accept(await self._ask({"grant_type": "client_credentials"}))
            return
        await self._refresh()

    async def _refresh(self) -> None:
        """Try the stored token, then the configured one if it is another: a person may have granted access anew.

        The store is read again after a refusal: another process may have used the token up and stored its successor.
        """
        tried: set[str] = set()
        while (token := await self._untried(tried)) is not None:
            tried.add(token)
            keep_out_of_logs(token, passing=True)
            try:
                reply = await self._ask({"grant_type": "refresh_token", "refresh_token": token})
            except CredentialsRefusedError as error:
                refusal = error
                continue
            await self._accept(reply)
            return
        if not tried:
            raise CredentialsRefusedError(
                self._system, phrase("there is no refresh token."), hint=phrase("Grant access again.")
            )
        raise refusal

    async def _untried(self, tried: set[str]) -> str | None:
        stored = await self._tokens.load(REFRESH_TOKEN) if self._tokens is not None else None
        template = self._settings.refresh_token
        configured = resolve_text(template, self._composer.values) if template is not None else None
        return next((token for token in (stored, configured) if token and token not in tried), None)

    async def _ask(self, grant: dict[str, str]) -> Reply:
        # A refresh token can be used once: when the answer is lost, asking again with it may end the whole grant.
        question = Question(
            lambda: self._outgoing(grant),
            _LABEL,
            rules=_RULES,
            safe_to_repeat="refresh_token" not in grant,
            attempts=_ATTEMPTS,
        )
        code = "401"
        try:
            answered = await self._exchange.ask(question)
            if isinstance(answered, Reply):
                return answered
        except VendorFaultError as error:
            code = error.vendor_code
            if code not in _REFUSED:
                raise
        raise CredentialsRefusedError(
            self._system,
            phrase("no access token is given ({code}).", code=code if code in _ERRORS else f"HTTP {code}"),
            hint=phrase("Check the client and its secret, or grant access again. They are not tried a second time."),
        )

    def _outgoing(self, grant: dict[str, str]) -> Outgoing:
        values = self._composer.values
        client_id = credential_text(self._settings.client_id, values)
        client_secret = credential_text(self._settings.client_secret, values)
        form = dict(grant)
        headers = {name: credential_text(template, values) for name, template in self._settings.headers.items()}
        headers[hdrs.CONTENT_TYPE] = "application/x-www-form-urlencoded"
        if self._settings.client_in == "basic":
            headers[hdrs.AUTHORIZATION] = basic(client_id, client_secret)
        else:
            form |= {"client_id": client_id, "client_secret": client_secret}
        if self._settings.scope is not None:
            form["scope"] = self._settings.scope
        form |= {name: credential_text(template, values) for name, template in self._settings.extra.items()}
        url = self._composer.address.elsewhere(self._settings.token_path)
        return Outgoing("POST", url, headers, urlencode(form).encode(), _LABEL)

    async def _accept(self, reply: Reply) -> None:
        access = value_at(reply.document, "access_token")
        if not isinstance(access, str) or not access:
            raise ResponseNotUnderstoodError(
                self._system, phrase("{label}: the answer has no text at `access_token`.", label=_LABEL)
            )
        keep_out_of_logs(access, passing=True)
        following = value_at(reply.document, "refresh_token")
        if isinstance(following, str) and following and self._tokens is not None:
            keep_out_of_logs(following, passing=True)
            await self._tokens.save(REFRESH_TOKEN, following)
        lifetime = value_at(reply.document, "expires_in")
        lifetime_s = count_of(lifetime) if lifetime is not ABSENT else None
        self._ends_s = math.inf if lifetime_s is None else time.monotonic() + self._usable_s(lifetime_s)
        self._signature = Signature(self._renewal.generation + 1, {hdrs.AUTHORIZATION: f"Bearer {access}"})

    def _usable_s(self, lifetime_s: int) -> float:
        """A token is replaced `early_s` before it ends; one that is short-lived, at half its life."""
        return max(lifetime_s - self._settings.early_s, lifetime_s / 2)
