"""What limits an integration: sentences for the meeting where the scope is agreed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.app.vendors import limits_of
from reconciler.connectors.conformance import Conformance
from reconciler.connectors.description import Description, EntitySource
from reconciler.connectors.scan import shifts
from reconciler.model.entities import Side
from reconciler.phrases.phrase import phrase

_COST_WITHOUT = {
    "changed since": phrase("every run reads all of it"),
    "one record": phrase("findings are reported without a second look"),
}


def limits_found(side: Side, description: Description, seen: Mapping[str, Conformance]) -> list[str]:
    """Everything that limits what can be done with a system, as its description says and as it behaved.

    Args:
        seen: what was tried of each entity in scope that could be read.
    """
    found = limits_of(description)
    entities_of: dict[str, list[str]] = {}
    for entity, conformance in seen.items():
        for limit in _limits_of_entity(description.entities[entity], conformance):
            entities_of.setdefault(limit, []).append(entity)
    found += [
        phrase("{entities}: {limit}", entities=", ".join(entities), limit=limit)
        for limit, entities in entities_of.items()
    ]
    if description.webhooks is None:
        found.append(phrase("no webhook: a change is seen by the next run, not at once"))
    if side is Side.ERP and description.taxes is None:
        found.append(phrase("no tax look-up is described: taxes of quotes cannot be asked"))
    return found


def _limits_of_entity(source: EntitySource, conformance: Conformance) -> Iterator[str]:
    for check, cost in _COST_WITHOUT.items():
        if not conformance.passed(check):
            yield phrase("no “{check}”, so {cost}", check=check, cost=cost)
    if shifts(source.full.paging):
        yield phrase("pages shift when records come and go; a scan that shifted is repeated")
    if source.write is None:
        yield phrase("cannot be written")
    elif source.write.guard is None:
        yield phrase(
            "no write guard: a change made by somebody between reading and writing is only noticed by comparing"
        )
    for verdict in conformance.failures:
        yield phrase("“{check}” does not hold: {detail}", check=verdict.check, detail=verdict.detail)
