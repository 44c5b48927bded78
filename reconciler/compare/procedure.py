"""The steps of a comparison, in order, on any SQL engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from reconciler.compare import difference_sql, invalid_sql, link_sql, match_sql, record_sql
from reconciler.compare.damaged_text import find_damaged_texts
from reconciler.compare.finding_sql import CREATE_FINDING, insert_findings
from reconciler.compare.layout import FieldColumns, Layout
from reconciler.compare.session import SqlParameter, SqlSession
from reconciler.compare.staged_sql import StagedSide, matched_parents
from reconciler.compare.suggestions import find_similar_records
from reconciler.model.entities import FieldType, Side
from reconciler.model.findings import SideCount

_MATCHED_PARENT: Final = "matched_parent"


@dataclass(slots=True)
class _Tally:
    """What is counted of one side on the way. `claimed_twice` counts records with a duplicate key."""

    pulled: int = 0
    usable: int = 0
    linked: int = 0
    partly_invalid: int = 0
    matchable: int = 0
    unpaired: int = 0
    claimed_twice: int = 0

    @property
    def rejected(self) -> int:
        return self.pulled - self.usable


@dataclass(slots=True)
class Procedure:
    """One comparison: makes the table `finding` and counts every record of both sides.

    Attributes:
        parameters: `crm_files` and `erp_files`, and whatever the relations of the two sides need.
    """

    session: SqlSession
    layout: Layout
    crm: StagedSide
    erp: StagedSide
    parameters: dict[str, SqlParameter]
    _tallies: dict[Side, _Tally] = field(default_factory=dict)

    def run(self) -> dict[Side, SideCount]:
        """Run every step.

        Returns:
            The accounting of each side. Pairs are counted from the keys and the rest from what was joined, so that a
            record lost or doubled on the way shows as an accounting that does not balance.
        """
        self.parameters |= {"entity": self.layout.rule.entity, **difference_sql.difference_parameters(self.layout)}
        self._tallies = {staged.side: self._count(staged) for staged in (self.crm, self.erp)}
        self._match()
        self._execute(CREATE_FINDING)
        self._differences(self._collect_invalid())
        self._records()
        return {side: self._accounting(side) for side in Side}

    def make_matched_parents(self) -> str:
        """Make the table of matched records (`staged_sql.matched_parents`), after `run`, and give its name."""
        for statement in matched_parents(_MATCHED_PARENT, self.crm, self.erp):
            self._execute(statement)
        return _MATCHED_PARENT

    def _execute(self, sql: str, **more: SqlParameter) -> None:
        self.session.execute(sql, {**self.parameters, **more})

    def _numbers(self, sql: str) -> list[int]:
        return [int(value or 0) for value in self.session.rows(sql, self.parameters)[0]]

    def _count(self, staged: StagedSide) -> _Tally:
        pulled, usable, linked, partly_invalid = self._numbers(staged.accounting())
        matchable = usable
        if staged.parents is not None:
            matchable = self._numbers(f"SELECT count(*) FROM {staged.matchable()} AS line")[0]
        return _Tally(pulled, usable, linked, partly_invalid, matchable)

    def _match(self) -> None:
        self._execute(match_sql.unpaired_keys(self.crm, self.erp))
        unpaired_crm, unpaired_erp, twice_crm, twice_erp = self._numbers(match_sql.UNPAIRED_COUNTS)
        for side, unpaired, twice in ((Side.CRM, unpaired_crm, twice_crm), (Side.ERP, unpaired_erp, twice_erp)):
            self._tallies[side].unpaired = unpaired
            self._tallies[side].claimed_twice = twice
        has_duplicates = twice_crm + twice_erp > 0
        self._execute(
            match_sql.joined(
                self.layout,
                self.crm,
                self.erp,
                has_duplicates=has_duplicates,
                has_links=self._has_links,
                has_invalid=any(tally.partly_invalid for tally in self._tallies.values()),
            )
        )
        for view in match_sql.VIEWS:
            self._execute(view)
        self._execute(match_sql.key_duplicates(self.crm, self.erp) if has_duplicates else match_sql.NO_DUPLICATES)
        if not self._has_links:
            self._execute(link_sql.NO_LINK_PAIRS)
            return
        self._execute(link_sql.LINK_EDGES)
        self._execute(link_sql.LINK_PAIRS)
        self._execute(link_sql.LINK_DUPLICATES)
        for statement in link_sql.join_link_pairs(self.layout):
            self._execute(statement)
        self._execute(link_sql.existing_links(self.crm, self.erp))

    @property
    def _has_links(self) -> bool:
        return any(tally.linked for tally in self._tallies.values())

    def _collect_invalid(self) -> set[str]:
        """Names of the fields that are unreadable in some pair."""
        self._execute(invalid_sql.CREATE_INVALID_PART)
        for staged in (self.crm, self.erp):
            tally = self._tallies[staged.side]
            if tally.rejected:
                self._execute(invalid_sql.rejected_parts(staged))
            if tally.partly_invalid:
                self._execute(invalid_sql.field_parts(staged.side))
        names = sorted(str(name) for (name,) in self.session.rows(invalid_sql.INVALID_FIELDS))
        if names:
            carried = {column.rule.name: column for column in self.layout.carried}
            parameters = {f"invalid_name_{index}": name for index, name in enumerate(names)}
            fields = [(parameter, carried.get(name)) for parameter, name in parameters.items()]
            self._execute(invalid_sql.partner_parts(fields), **parameters)
        return set(names)

    def _differences(self, invalid_fields: set[str]) -> None:
        if not self.layout.compared:
            return
        numbers = self._numbers(difference_sql.pairs_by_field(self.layout))
        differing = [
            self._differing(column, has_invalid=column.rule.name in invalid_fields)
            for column, number in zip(self.layout.compared, numbers, strict=True)
            if number
        ]
        if differing:
            self._execute(insert_findings(difference_sql.difference_findings(self.layout, differing)))

    def _differing(self, column: FieldColumns, *, has_invalid: bool) -> difference_sql.DifferingField:
        has_damaged = column.rule.type is FieldType.TEXT and find_damaged_texts(
            self.session, column, self.parameters, has_invalid=has_invalid
        )
        return difference_sql.DifferingField(column, has_invalid, has_damaged)

    def _records(self) -> None:
        search = find_similar_records(self.session, self.layout)
        selections = [record_sql.only_findings(self.layout, side, searched=search.done) for side in Side]
        selections.append(record_sql.duplicate_findings())
        if self._has_links:
            selections.append(record_sql.ambiguous_findings(self.layout))
        selections.append(invalid_sql.invalid_findings())
        rules = self.layout.rule.fields
        self._execute(
            insert_findings(selections),
            limit_note=search.limit_note,
            owned_fields=[rule.name for rule in rules],
            owners=[rule.owner or "" for rule in rules],
        )

    def _accounting(self, side: Side) -> SideCount:
        tally = self._tallies[side]
        [only_here] = self._numbers(f"SELECT count(*) FROM only_{side.value}")
        [link_pairs] = self._numbers("SELECT count(*) FROM link_pair")
        [same_link] = self._numbers(link_sql.linked_twice(side))
        return SideCount(
            pulled=tally.pulled,
            matched=tally.matchable - tally.unpaired + link_pairs,
            only_here=only_here + tally.usable - tally.matchable,
            duplicate=tally.claimed_twice + same_link,
            rejected=tally.rejected,
        )


def counts(session: SqlSession, sql: str) -> dict[str, int]:
    """The numbers of a query with two columns, name and number, by name."""
    return {str(name): int(number or 0) for name, number in session.rows(sql)}
