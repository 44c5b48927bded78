"""Registering our call-back addresses with a system that has an API for it; doing it twice changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue
from yarl import URL

from reconciler.app.scope_plan import plan_entities
from reconciler.app.webhooks.secrets import KeptRegistration, KeptRegistrations, named_secrets
from reconciler.app.wire import Workspace, connector_to, load_descriptions
from reconciler.connectors.record_port import RecordPort
from reconciler.errors import ConfigurationError, RefusedError, ResponseNotUnderstoodError
from reconciler.loopback import is_loopback
from reconciler.model.entities import Side
from reconciler.ports.http.json_path import ABSENT, scalar_text, value_at
from reconciler.ports.http.references import Value, resolve_text
from reconciler.ports.webhook.settings import RegisteredEvent, Registration

_PATH: Final = "v1/webhooks"
_SECRET_BYTES: Final = 32
_NOT_YET: Final = ""
"""Id of a registration that is being made: its first delivery may come before the answer that tells the id."""


@dataclass(frozen=True, slots=True)
class ListedWebhook:
    """A registration as the system lists it.

    Attributes:
        url: without the query, which may hold a secret.
        active: False when the system has turned it off.
        entity: the canonical entity it is about; None when it is about another one.
        ours: it leads to an address that was registered from here.
    """

    side: Side
    id: str
    url: str
    active: bool
    entity: str | None
    ours: bool


@dataclass(frozen=True, slots=True)
class RegistrationOutcome:
    """What became of one event.

    Attributes:
        done: `created`, `kept` (it was there) or `replaced` (turned off, or with another address or secret).
    """

    side: Side
    entity: str
    values: Mapping[str, str | int]
    id: str
    done: str


@dataclass(frozen=True, slots=True)
class _Found:
    id: str
    url: URL
    active: bool
    record: JsonValue = field(repr=False)

    def is_for(self, event: RegisteredEvent) -> bool:
        return all(scalar_text(value_at(self.record, name)) == str(value) for name, value in event.values.items())

    def leads_to(self, address: URL) -> bool:
        return self.url.with_query(None) == address


class Registrar:
    """Registers the webhooks of one side.

    Args:
        port: of the system, open.
        events: what to register.
    """

    def __init__(
        self,
        side: Side,
        registration: Registration,
        events: Sequence[RegisteredEvent],
        port: RecordPort,
        kept: KeptRegistrations,
    ) -> None:
        self._side = side
        self._registration = registration
        self._events = events
        self._port = port
        self._kept = kept

    async def register(self, address: URL, own_secret: str | None, *, renew: bool) -> list[RegistrationOutcome]:
        """Make every event lead to the address.

        Args:
            own_secret: of the project; None takes the one used before, or a new one.
            renew: make each anew, with a new secret where the project gives none.

        Raises:
            SystemReadError: the system does not answer or refuses. What was done before is kept; do it again.
        """
        kept = await self._kept.load()
        known = {each.id for each in kept}
        chosen = "" if own_secret else await self._chosen_secret(kept, address, renew=renew)
        found = [each for each in await self._found() if each.leads_to(address)]
        outcomes: list[RegistrationOutcome] = []
        for event in self._events:
            values = self._values(address, own_secret or chosen, event)
            same = [each for each in found if each.is_for(event)]
            good = None if renew else next((each for each in same if self._is_good(each, values, known)), None)
            for each in same:
                if each is not good:
                    await self._remove(each.id)
            made = good.id if good is not None else await self._create(address, values, event, chosen)
            done = "kept" if good is not None else "replaced" if same else "created"
            outcomes.append(RegistrationOutcome(self._side, event.entity, event.values, made, done))
        await self._forget(_NOT_YET)
        return outcomes

    async def unregister(self, address: URL | None) -> int:
        """Remove what leads to the address, or without one everything that was registered from here; how many."""
        ours = {each.id for each in await self._kept.load()}
        removed = 0
        for each in await self._found():
            if each.id in ours if address is None else each.leads_to(address):
                await self._remove(each.id)
                removed += 1
        if address is None:
            await self._kept.save([])
        return removed

    async def listed(self) -> list[ListedWebhook]:
        """What the system has registered, for whomever."""
        ours = {each.id for each in await self._kept.load()}
        return [
            ListedWebhook(
                side=self._side,
                id=each.id,
                url=str(each.url.with_query(None).with_user(None)),
                active=each.active,
                entity=next((event.entity for event in self._registration.events if each.is_for(event)), None),
                ours=each.id in ours,
            )
            for each in await self._found()
        ]

    async def _chosen_secret(self, kept: Sequence[KeptRegistration], address: URL, *, renew: bool) -> str:
        """The secret to send; kept before it is sent, or the first deliveries could not be verified."""
        if self._registration.secret is not None:
            return ""
        before = [each.secret for each in kept if each.secret]
        if before and not renew:
            return before[0]
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        await self._remember(KeptRegistration(_NOT_YET, str(address), secret))
        return secret

    def _values(self, address: URL, secret: str, event: RegisteredEvent) -> dict[str, Value]:
        """What requests refer to as `webhook.<name>`."""
        own: dict[str, JsonValue] = {**event.values, "entity": event.entity, "secret": secret, "url": str(address)}
        query = {name: resolve_text(text, {"webhook": own}) for name, text in self._registration.query.items()}
        url = address.update_query({name: text for name, text in query.items() if text})
        return {"webhook": {**own, "url": str(url)}}

    def _is_good(self, found: _Found, values: Mapping[str, Value], known: Collection[str]) -> bool:
        """Whether it is as it would be made now, and its deliveries can be verified."""
        wanted = values["webhook"]
        if not found.active or not isinstance(wanted, dict) or str(found.url) != wanted["url"]:
            return False
        return self._registration.secret is None or found.id in known

    async def _create(
        self, address: URL, values: Mapping[str, Value], event: RegisteredEvent, secret_to_keep: str
    ) -> str:
        # Sent once only: a second one would double every delivery. If the answer is lost, the next try finds it listed.
        reply = await self._port.call(self._registration.create, values, safe_to_repeat=False)
        created = value_at(reply.document, self._registration.created)
        made = ABSENT if created is ABSENT else value_at(created, self._registration.id)
        identity = _text(made)
        if identity is None:
            raise self._not_understood(f"no id of the new webhook for {event.entity} at {self._registration.id}")
        if self._registration.secret is not None and created is not ABSENT:
            secret_to_keep = _text(value_at(created, self._registration.secret)) or ""
            if not secret_to_keep:
                raise self._not_understood(f"no secret of the new webhook at {self._registration.secret}")
        await self._remember(KeptRegistration(identity, str(address), secret_to_keep))
        return identity

    async def _remove(self, identity: str) -> None:
        await self._port.call(self._registration.delete, {"id": identity})
        await self._forget(identity)

    async def _found(self) -> list[_Found]:
        self._port.forget_answers()
        found: list[_Found] = []
        async with aclosing(self._port.pages(self._registration.listing)) as pages:
            async for page in pages:
                found += [each for each in map(self._read, page.records) if each is not None]
        return found

    def _read(self, record: JsonValue) -> _Found | None:
        identity, url = (_text(value_at(record, path)) for path in (self._registration.id, self._registration.url))
        if identity is None or url is None:
            return None
        try:
            address = URL(url)
        except ValueError:
            return None
        active = self._registration.active is None or value_at(record, self._registration.active) is not False
        return _Found(identity, address, active, record)

    async def _remember(self, registration: KeptRegistration) -> None:
        others = [each for each in await self._kept.load() if each.id != registration.id]
        await self._kept.save([*others, registration])

    async def _forget(self, identity: str) -> None:
        kept = await self._kept.load()
        if any(each.id == identity for each in kept):
            await self._kept.save([each for each in kept if each.id != identity])

    def _not_understood(self, problem: str) -> ResponseNotUnderstoodError:
        return ResponseNotUnderstoodError(
            self._side.value, f"{problem}.", hint="Look at the registered webhooks in the system itself."
        )


@asynccontextmanager
async def open_registrar(workspace: Workspace, side: Side) -> AsyncIterator[tuple[Registrar, str | None]]:
    """What registers the webhooks of a side, for the entities in scope, and the project's own secret if it has one.

    Raises:
        ConfigurationError: the description has no registration of webhooks, or the project is wrong.
    """
    project = workspace.project
    descriptions = load_descriptions(project)
    description = descriptions[side]
    webhooks = description.webhooks
    if webhooks is None or webhooks.registration is None:
        raise ConfigurationError(
            f"“{description.vendor.name}” describes no way to register webhooks.",
            hint="Register the address …/v1/webhooks/" + side.value + " in the system's own settings.",
        )
    scope = {plan.entity.name for plan in plan_entities(project, descriptions, ())}
    events = [event for event in webhooks.registration.events if event.entity in scope]
    own = named_secrets(project, side, webhooks).webhook_secrets()
    async with connector_to(project, side, description, workspace.state) as connector:
        kept = KeptRegistrations(workspace.state, side)
        yield Registrar(side, webhooks.registration, events, connector.port, kept), own[0] if own else None


def sides_with_registration(workspace: Workspace) -> list[Side]:
    """The sides whose description says how webhooks are registered."""
    return [
        side
        for side, description in load_descriptions(workspace.project).items()
        if description.webhooks is not None and description.webhooks.registration is not None
    ]


def callback_address(url: str, side: Side) -> URL:
    """The address that deliveries of a side are sent to, from how this service is called from outside.

    Raises:
        RefusedError: it is no https address. Plain http is for this machine only: keys would travel readably.
    """
    try:
        given = URL(url)
    except ValueError:
        given = URL()
    if not given.host or given.query_string or given.fragment or given.user:
        raise RefusedError("the address of the service is written like https://reconciler.example.com.")
    if given.scheme != "https" and not (given.scheme == "http" and is_loopback(given.host)):
        raise RefusedError("webhooks are registered with an https address; http is for this machine only.")
    path = f"{_PATH}/{side.value}"
    return given if given.path.strip("/").endswith(path) else given / path


def _text(value: object) -> str | None:
    """An id or address as text; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value) or None
