"""Whether the webhooks of a description fit the rest of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.connectors.description import Description
from reconciler.phrases.phrase import phrase
from reconciler.ports.http.checks import Names
from reconciler.ports.webhook.checks import check_webhooks
from reconciler.toml_file import KeyPath, Problem, suggestion

_PLACE: KeyPath = ("webhooks",)


def webhook_problems(description: Description) -> Iterator[Problem]:
    """Mistakes in `webhooks`: in itself, and entities that are not described or cannot be read one by one."""
    webhooks, vendor = description.webhooks, description.vendor
    if webhooks is None:
        if "webhook" in vendor.ports:
            yield Problem(("vendor", "ports"), phrase("lists webhook, and there is no table webhooks"))
        return
    if "webhook" not in vendor.ports:
        yield Problem(("vendor", "ports"), phrase("does not list webhook, and there is a table webhooks"))
    if description.http is None:
        yield Problem(_PLACE, phrase("needs a system that can be asked for one record; files cannot be asked"))
        return
    names = Names.of(description.http, vendor.credentials, vendor.context)
    yield from check_webhooks(webhooks, names, vendor.credentials, _PLACE)
    for code, entity in webhooks.events.entities.items():
        yield from _entity_problems(description, entity, (*_PLACE, "events", "entities", code))
    if webhooks.registration is not None:
        for position, event in enumerate(webhooks.registration.events):
            place = (*_PLACE, "registration", "events", position, "entity")
            yield from _entity_problems(description, event.entity, place)


def _entity_problems(description: Description, entity: str, place: KeyPath) -> Iterator[Problem]:
    source = description.entities.get(entity)
    if source is None:
        yield Problem(
            place, phrase("there is no entity {entity}", entity=entity), suggestion(entity, list(description.entities))
        )
    elif source.one is None:
        yield Problem(
            place,
            phrase("{entity} has no listing `one`, and a hint about one record would lead nowhere", entity=entity),
        )
