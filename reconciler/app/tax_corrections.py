"""What corrections need to know to write taxes into lines of quotes: how they are read, and which fields they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.app.carried_taxes import carried_taxes, rule_with_taxes, wants_taxes, with_taxes
from reconciler.app.quote_reading import describes_quotes, quote_mapping
from reconciler.connectors.description import Description
from reconciler.mapping.plan import EntityMapping, FieldMapping
from reconciler.model.entities import QUOTES
from reconciler.model.findings import EntityRule, FieldRule
from reconciler.project import Project

_LINES: Final = f"{QUOTES.name}.lines"


def mappings_with_taxes(
    project: Project, crm: Description, mappings: Mapping[str, EntityMapping]
) -> dict[str, EntityMapping]:
    """How the entities of the CRM are read, lines of quotes with their taxes where the project compares them.

    Raises:
        ConfigurationError: a place of a tax is wrong.
    """
    found = dict(mappings)
    if not (wants_taxes(project) and describes_quotes(crm)):
        return found
    planned = found.get(QUOTES.name)
    if planned is None or planned.lines is None:
        found[QUOTES.name] = quote_mapping(project, crm)
    else:
        found[QUOTES.name] = with_taxes(planned, carried_taxes(project, crm))
    return found


def rules_with_taxes(project: Project, crm: Description, rules: Mapping[str, EntityRule]) -> dict[str, EntityRule]:
    """How entities are compared, lines of quotes with their taxes where the project compares them. Raises as above.

    What only the CRM has is known by name and type, and compared with nothing.
    """
    found = dict(rules)
    if not (wants_taxes(project) and describes_quotes(crm)):
        return found
    carried = carried_taxes(project, crm)
    if _LINES not in found:
        mapping = quote_mapping(project, crm)
        found.setdefault(QUOTES.name, EntityRule(QUOTES.name, _known(mapping.fields), mapping.key))
        if mapping.lines is not None:
            found[_LINES] = EntityRule(_LINES, _known(mapping.lines.fields), mapping.lines.key)
    found[_LINES] = rule_with_taxes(found[_LINES], carried)
    return found


def _known(fields: Sequence[FieldMapping]) -> tuple[FieldRule, ...]:
    return tuple(FieldRule(field.name, field.type, compared=False, owner="erp") for field in fields)
