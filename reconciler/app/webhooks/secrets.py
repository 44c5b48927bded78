"""The secrets that deliveries are verified with: those of the project, and those kept when webhooks were registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import orjson

from reconciler.errors import StateError
from reconciler.logs import keep_out_of_logs
from reconciler.model.entities import Side
from reconciler.ports.webhook.settings import WebhookSettings
from reconciler.ports.webhook.verification import Secrets, split_secrets
from reconciler.project import Project
from reconciler.store.state.state import State

_TOKEN: Final = "webhook_registrations"  # noqa: S105  # the name under which they are kept


@dataclass(frozen=True, slots=True)
class KeptRegistration:
    """A registration that was made from here.

    Attributes:
        id: the vendor's.
        url: our address in it, without the query.
        secret: that its deliveries are verified with; "" when it is the project's.
    """

    id: str
    url: str
    secret: str = field(repr=False)


class KeptRegistrations:
    """The registrations of one side, kept in the state, which only its owner can read."""

    def __init__(self, state: State, side: Side) -> None:
        self._tokens = state.tokens(side.value)

    async def load(self) -> list[KeptRegistration]:
        """All of them.

        Raises:
            StateError: what was kept is damaged.
        """
        text = await self._tokens.load(_TOKEN)
        if text is None:
            return []
        try:
            kept = [KeptRegistration(**entry) for entry in orjson.loads(text)]
        except (orjson.JSONDecodeError, TypeError):
            kept = None
        if kept is None:
            # Outside the handler: what is damaged may be a secret, and would travel in the exception.
            raise StateError("the kept webhook registrations are damaged.", hint="Register the webhooks again.")
        for registration in kept:
            keep_out_of_logs(registration.secret)
        return kept

    async def save(self, registrations: Sequence[KeptRegistration]) -> None:
        """Keep exactly these."""
        await self._tokens.save(_TOKEN, orjson.dumps([asdict(each) for each in registrations]).decode())


def named_secrets(project: Project, side: Side, settings: WebhookSettings) -> Secrets:
    """The secrets of the project file.

    Raises:
        SecretMissingError: a credential is named and not there.
        TomlError: a literal secret outside stage "sandbox".
    """
    named = {
        name: split_secrets(text) if name in settings.secrets else (text,)
        for name, text in project.credentials(side).items()
    }
    for secrets in named.values():
        for secret in secrets:
            keep_out_of_logs(secret)
    return Secrets(named=named, purpose=settings.proving)


async def valid_secrets(named: Secrets, kept: KeptRegistrations) -> Secrets:
    """The secrets of the project and of the registrations, as they are now.

    Raises:
        StateError: the state cannot be read.
    """
    registered = {each.id: each.secret for each in await kept.load() if each.secret}
    return Secrets(named=named.named, registered=registered, purpose=named.purpose)
