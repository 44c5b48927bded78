"""Somebody at work on the corrections of a project: the person, their roles, and everything that is decided from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from reconciler.app.corrections.people import known_people
from reconciler.app.scope_plan import EntityPlan, plan_entities
from reconciler.app.tax_corrections import mappings_with_taxes, rules_with_taxes
from reconciler.app.wire import Workspace, load_descriptions
from reconciler.connectors.description import Description
from reconciler.corrections.approval import (
    ApprovalRule,
    ApprovalRules,
    Missing,
    missing_approvals,
)
from reconciler.corrections.basis import OnlyHere, OnlyHereRule
from reconciler.corrections.missing_approvals import MissingApprovals
from reconciler.errors import RefusedError
from reconciler.mapping.plan import EntityMapping
from reconciler.model.corrections import Approval, Correction, Person
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import EntityRule
from reconciler.phrases.phrase import phrase
from reconciler.project import EntityScope

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Acting:
    """A person at work in an open workspace. Every use case of corrections begins with one.

    Attributes:
        clock: gives aware instants.
        descriptions: of both systems, as they are used.
        plans: by entity in scope.
    """

    workspace: Workspace
    person: Person
    clock: Clock
    descriptions: Mapping[Side, Description]
    plans: Mapping[str, EntityPlan]

    @classmethod
    def begin(cls, workspace: Workspace, person: Person, clock: Clock = now_utc) -> Acting:
        """Let a person begin.

        Raises:
            ConfigurationError: the project file or a description is wrong.
        """
        descriptions = load_descriptions(workspace.project)
        plans = plan_entities(workspace.project, descriptions, ())
        return cls(workspace, person, clock, descriptions, {plan.entity.name: plan for plan in plans})

    def require(self, roles: frozenset[str], to_do: str) -> None:
        """Refuse what the person's roles do not allow.

        Args:
            roles: any of them is enough.
            to_do: such as “approve corrections”.

        Raises:
            RefusedError: they have none of them.
        """
        if self.person.roles.isdisjoint(roles):
            raise RefusedError(
                phrase("{person} may not {to_do}.", person=self.person.name, to_do=to_do),
                hint=phrase("It takes one of the roles {roles}.", roles=", ".join(sorted(roles))),
            )

    @cached_property
    def rules(self) -> dict[str, EntityRule]:
        """How entities are compared, those of lines under `<entity>.lines`."""
        found: dict[str, EntityRule] = {}
        for name, plan in self.plans.items():
            found[name] = plan.rule
            if plan.lines_rule is not None:
                found[plan.lines_rule.entity] = plan.lines_rule
        return rules_with_taxes(self.workspace.project, self.descriptions[Side.CRM], found)

    def mappings(self, side: Side) -> dict[str, EntityMapping]:
        """How each entity of a side is read."""
        mappings = {name: plan.mappings[side] for name, plan in self.plans.items()}
        if side is Side.ERP:
            return mappings
        return mappings_with_taxes(self.workspace.project, self.descriptions[side], mappings)

    @cached_property
    def only_here(self) -> dict[str, OnlyHereRule]:
        """What is proposed for records that only one side has, by entity."""
        scopes = self.workspace.project.file.scope
        return {name: _only_here(scope) for name, scope in scopes.items()}

    @cached_property
    def approval_rules(self) -> ApprovalRules:
        """The project's four-eyes rules. Where one person is enough it may be the one who proposed."""
        section = self.workspace.project.file.approvals
        amounts = {
            name: frozenset(field.name for field in rule.fields if field.type is FieldType.DECIMAL)
            for name, rule in self.rules.items()
        }
        rules = tuple(ApprovalRule(each.entity, each.field, each.required, each.above) for each in section.rules)
        return ApprovalRules(section.required, rules, amounts, makers_first=True)

    @property
    def approval_lasts(self) -> timedelta:
        """How long an approval counts."""
        return timedelta(hours=self.workspace.project.file.approvals.expires_h)

    def people(self, approvals: Iterable[Approval] = ()) -> Mapping[str, Person]:
        """Those whose approvals can count, by name."""
        names = frozenset(filter(None, (self.person.name, *(each.person for each in approvals))))
        known = self._people_known.get(names)
        if known is None:
            known = self._people_known[names] = known_people(self.workspace.project, names)
        return known

    @cached_property
    def _people_known(self) -> dict[frozenset[str], Mapping[str, Person]]:
        """By the names that were asked with: few combinations of people approve many corrections."""
        return {}

    def missing_of(self, correction: Correction, approvals: Sequence[Approval], now: datetime | None = None) -> Missing:
        """How far a correction is from being approved, at this moment unless another is given."""
        people, moment = self.people(approvals), self.clock() if now is None else now
        return missing_approvals(correction, approvals, self.approval_rules, people, moment)

    async def missing(self, corrections: Iterable[Correction]) -> dict[str, Missing]:
        """How far each correction is from being approved, by its id."""
        chosen, missing = list(corrections), MissingApprovals(self.approval_rules, self.people, self.clock())
        given = await self.workspace.state.corrections.approvals([each.id for each in chosen])
        return {each.id: missing.of(each, given[each.id]) for each in chosen}


def _only_here(scope: EntityScope) -> OnlyHereRule:
    by_side = {Side.CRM: scope.only_in_crm, Side.ERP: scope.only_in_erp}
    return OnlyHereRule(
        new={side: OnlyHere(each.new) for side, each in by_side.items()},
        gone={side: OnlyHere(each.gone) for side, each in by_side.items()},
    )
