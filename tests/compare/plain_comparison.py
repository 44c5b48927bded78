"""The comparison said again in plain Python, record by record, to check the SQL against. Slow and obvious on purpose.

It leaves out suggestions: rules given to it have no name-like field.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from reconciler.model.entities import FieldType
from reconciler.model.findings import EntityRule, FieldRule, FindingRow, SideCount
from tests.compare.plain_causes import CAUSES, Detail, stale_cause
from tests.compare.staged import FieldValue, Record, text_form

Pair = tuple[Record, Record]
_SIDES = ("crm", "erp")


@dataclass
class PlainResult:
    """Accounting of both sides and every finding, as far as a finding does not depend on where records were stored."""

    crm: SideCount
    erp: SideCount
    findings: list[dict[str, str | None]] = field(default_factory=list)


def essence(row: FindingRow) -> dict[str, str | None]:
    """A finding without pages and positions, comparable with those of `compare_plainly`."""
    kept = {name: value for name, value in row._asdict().items() if not name.endswith(("_page", "_position"))}
    kept["detail"] = json.dumps(json.loads(row.detail), sort_keys=True)
    return kept


def compare_plainly(rule: EntityRule, crm: Sequence[Record], erp: Sequence[Record]) -> PlainResult:
    """Match and compare as the documentation says."""
    return _PlainComparison(rule, crm, erp).run()


class _PlainComparison:
    def __init__(self, rule: EntityRule, crm: Sequence[Record], erp: Sequence[Record]) -> None:
        self.rule = rule
        self.all = {"crm": list(crm), "erp": list(erp)}
        self.usable = {side: [one for one in rows if _usable(one)] for side, rows in self.all.items()}
        self.findings: list[dict[str, str | None]] = []
        self.invalid: dict[tuple[str, str | None], list[tuple[str, Record, Mapping[str, str | None] | None]]] = (
            defaultdict(list)
        )

    def run(self) -> PlainResult:
        pairs, only, same_key = self._by_key()
        linked, same_link = self._by_link(only)
        tied = {side: [one for members in same_link.values() for one in members[side]] for side in _SIDES}
        partnered = {"crm": [pair[0] for pair in linked], "erp": [pair[1] for pair in linked]}
        for side in _SIDES:
            only[side] = [one for one in only[side] if one not in tied[side] and one not in partnered[side]]
        pairs += linked
        for pair in pairs:
            self._compare(*pair)
            self._ambiguous(*pair)
        for side in _SIDES:
            for one in only[side]:
                self._add(_key(one), f"only_in_{side}", "not_found", {}, {side: one}, values={side: self._label(one)})
                self._note_invalid(_key(one), side, one)
        self._duplicates("same_key", same_key)
        self._duplicates("same_link", same_link)
        self._rejected()
        self._add_invalid()
        counts = {
            side: SideCount(
                pulled=len(self.all[side]),
                matched=len(pairs),
                only_here=len(only[side]),
                duplicate=sum(len(group[side]) for group in same_key.values()) + len({_key(one) for one in tied[side]}),
                rejected=len(self.all[side]) - len(self.usable[side]),
            )
            for side in _SIDES
        }
        return PlainResult(counts["crm"], counts["erp"], self.findings)

    # Matching

    def _by_key(self) -> tuple[list[Pair], dict[str, list[Record]], dict[str, dict[str, list[Record]]]]:
        groups: dict[str, dict[str, list[Record]]] = defaultdict(lambda: {"crm": [], "erp": []})
        for side in _SIDES:
            for one in self.usable[side]:
                groups[_key(one)][side].append(one)
        pairs: list[Pair] = []
        only: dict[str, list[Record]] = {"crm": [], "erp": []}
        duplicates = {}
        for key, group in groups.items():
            numbers = (len(group["crm"]), len(group["erp"]))
            if numbers == (1, 1):
                pairs.append((group["crm"][0], group["erp"][0]))
            elif max(numbers) > 1:
                duplicates[key] = group
            else:
                for side in _SIDES:
                    only[side] += group[side]
        return pairs, only, duplicates

    def _by_link(self, only: Mapping[str, list[Record]]) -> tuple[list[Pair], dict[str, dict[str, list[Record]]]]:
        edges: set[tuple[str, str]] = set()
        for crm in only["crm"]:
            edges |= {(_key(crm), _key(erp)) for erp in only["erp"] if crm.link == erp.id or erp.link == crm.id}
        by_key = {side: {_key(one): one for one in only[side]} for side in _SIDES}
        degrees = Counter(("crm", crm) for crm, _ in edges) + Counter(("erp", erp) for _, erp in edges)
        pairs: list[Pair] = []
        groups: dict[str, dict[str, list[Record]]] = {}
        for crm_key, erp_key in edges:
            if degrees["crm", crm_key] == degrees["erp", erp_key] == 1:
                pairs.append((by_key["crm"][crm_key], by_key["erp"][erp_key]))
            for index, centre in enumerate((crm_key, erp_key)):
                if degrees[_SIDES[index], centre] > 1:
                    members = [edge for edge in edges if edge[index] == centre]
                    groups[centre] = {
                        "crm": [by_key["crm"][key] for key in {edge[0] for edge in members}],
                        "erp": [by_key["erp"][key] for key in {edge[1] for edge in members}],
                    }
        return pairs, groups

    # Findings

    def _add(
        self,
        key: str,
        kind: str,
        cause: str,
        detail: Detail,
        records: Mapping[str, Record],
        *,
        field_name: str | None = None,
        values: Mapping[str, str | None] | None = None,
        ids: Mapping[str, str | None] | None = None,
    ) -> None:
        identity = "\x1f".join((self.rule.entity, key, field_name or "", kind))
        owners = {rule.name: rule.owner for rule in self.rule.fields}
        finding: dict[str, str | None] = {
            "id": hashlib.md5(identity.encode(), usedforsecurity=False).hexdigest()[:16],
            "entity": self.rule.entity,
            "key": key.replace("\x1f", "|"),
            "kind": kind,
            "field": field_name,
            "cause": cause,
            "detail": json.dumps(detail, sort_keys=True),
            "owner": owners.get(field_name or ""),
        }
        for side in _SIDES:
            one = records.get(side)
            finding[f"{side}_id"] = ids.get(side) if ids is not None else one.id if one else None
            finding[f"{side}_value"] = (values or {}).get(side)
        self.findings.append(finding)

    def _label(self, one: Record) -> str | None:
        return _shown(one.fields.get("number"))

    def _duplicates(self, cause: str, groups: Mapping[str, Mapping[str, list[Record]]]) -> None:
        noted: set[tuple[str, int]] = set()
        for key, group in groups.items():
            detail = {f"{side}_count": str(len(group[side])) for side in _SIDES}
            ids = {side: _listed([one.id for one in group[side] if one.id is not None]) for side in _SIDES}
            self._add(key, "duplicate", cause, detail, {}, ids=ids)
            for side in _SIDES:
                for one in group[side]:
                    if (side, id(one)) not in noted:
                        self._note_invalid(_key(one), side, one)
                        noted.add((side, id(one)))

    def _ambiguous(self, crm: Record, erp: Record) -> None:
        ids = {side: {one.id for one in self.usable[side]} for side in _SIDES}
        detail = {}
        if crm.link is not None and crm.link != erp.id and crm.link in ids["erp"]:
            detail["crm_link"] = crm.link
        if erp.link is not None and erp.link != crm.id and erp.link in ids["crm"]:
            detail["erp_link"] = erp.link
        if detail:
            values = {"crm": self._label(crm), "erp": self._label(erp)}
            self._add(_key(crm), "ambiguous", "key_and_link_disagree", detail, {"crm": crm, "erp": erp}, values=values)

    def _compare(self, crm: Record, erp: Record) -> None:
        self._note_invalid(_key(crm), "crm", crm)
        self._note_invalid(_key(crm), "erp", erp)
        unreadable = {*(crm.invalid or {}), *(erp.invalid or {})}
        for name in unreadable:
            for side, one in (("crm", crm), ("erp", erp)):
                if name not in (one.invalid or {}):
                    self.invalid[_key(crm), name].append((side, one, None))
        for rule in self.rule.fields:
            if rule.name in unreadable or not rule.compared:
                continue
            left, right = self._value(crm, rule), self._value(erp, rule)
            if not _differ(rule, left, right):
                continue
            cause, detail = self._cause(rule, crm, erp)
            self._add(
                _key(crm), "differs", cause, detail, {"crm": crm, "erp": erp},
                field_name=rule.name, values={"crm": _shown(left), "erp": _shown(right)},
            )  # fmt: skip

    def _value(self, one: Record, rule: FieldRule) -> FieldValue:
        value = one.fields.get(rule.name)
        return one.key if value is None and self.rule.key == (rule.name,) else value

    def _shown_field(self, one: Record, rule: FieldRule | None) -> str | None:
        return None if rule is None else _shown(self._value(one, rule))

    # What could not be mapped

    def _note_invalid(self, key: str, side: str, one: Record) -> None:
        for name, why in (one.invalid or {}).items():
            self.invalid[key, name].append((side, one, why))

    def _rejected(self) -> None:
        for side in _SIDES:
            for one in self.all[side]:
                if not _usable(one):
                    why = one.rejected or {"cause": "missing_key"}
                    key = one.key or f"{side}:{one.id}"
                    self.invalid[key, why.get("field")].append((side, one, why))

    def _add_invalid(self) -> None:
        rules = {rule.name: rule for rule in self.rule.fields}
        for (key, name), parts in self.invalid.items():
            faults = [(side, why) for side, _, why in parts if why is not None]
            reasons = sorted({reason for _, why in faults if (reason := why.get("reason")) is not None})
            sides = {side for side, _ in faults}
            detail = {"side": "both" if len(sides) == 2 else min(sides)}
            if reasons:
                detail["reason"] = "; ".join(reasons)
            values: dict[str, str | None] = {}
            for side in _SIDES:
                seen = [
                    self._shown_field(one, rules.get(name or "")) if why is None else why.get("value")
                    for part_side, one, why in parts
                    if part_side == side
                ]
                values[side] = min((value for value in seen if value is not None), default=None)
            ids = {
                side: _listed([one.id for s, one, _ in parts if s == side and one.id is not None]) for side in _SIDES
            }
            default = "unreadable_record" if name is None else "unreadable_value"
            cause = min(why.get("cause") or default for _, why in faults)
            self._add(key, "invalid", cause, detail, {}, field_name=name, values=values, ids=ids)

    # Causes

    def _cause(self, rule: FieldRule, crm: Record, erp: Record) -> tuple[str, Detail]:
        left, right = self._value(crm, rule), self._value(erp, rule)
        if left is None or right is None:
            return "missing_value", {"side": "crm" if left is None else "erp"}
        if (explained := CAUSES[rule.type](left, right)) is not None:
            return explained
        if (other := self._swapped(rule, crm, erp)) is not None:
            return "swapped_fields", {"field": other}
        if rule.known_codes is not None:
            for side, code in (("crm", left), ("erp", right)):
                if code not in rule.known_codes:
                    return "unmapped_code", {"side": side, "code": str(code)}
        return stale_cause(crm.fields.get("updated_at"), erp.fields.get("updated_at"))

    def _swapped(self, rule: FieldRule, crm: Record, erp: Record) -> str | None:
        def form(one: Record, of: FieldRule) -> FieldValue:
            value = self._value(one, of)
            return text_form(value) if of.type is FieldType.TEXT else value

        for other in self.rule.fields:
            if other.name == rule.name or other.type is not rule.type or not other.compared:
                continue
            if rule.type is FieldType.BOOLEAN:
                continue
            crossed = form(crm, rule) == form(erp, other), form(crm, other) == form(erp, rule)
            if all(crossed) and form(crm, other) is not None:
                return other.name
        return None


def _usable(one: Record) -> bool:
    return one.rejected is None and one.key is not None


def _key(one: Record) -> str:
    assert one.key is not None
    return one.key


def _listed(ids: Iterable[str]) -> str | None:
    ordered = sorted(ids)
    text = ", ".join(ordered[:20]) + (", …" if len(ordered) > 20 else "")
    return text or None


def _differ(rule: FieldRule, left: FieldValue, right: FieldValue) -> bool:
    if rule.type is FieldType.TEXT and not rule.exact:
        left, right = text_form(left), text_form(right)
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return abs(left - right) > Decimal(rule.tolerance or 0)
    return left != right


def _shown(value: FieldValue) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = value.isoformat() if isinstance(value, date) else value
    return text if len(text) <= 500 else text[:499] + "…"
