"""What a person is told about a mistake in the writes of a description: file, line, key and problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import TomlError
from tests.connectors.writing_vendor import DESCRIPTION, description_in

_CUSTOMERS = "entities.customers.write"
_ORDERS = "entities.orders.write"

MISTAKES = {
    # what is replaced, by what, the text on the line that is told, its key, the problem
    "unknown key": ('leave_out = ["extras.row"]', "leav_out = []", "leav_out", f"{_CUSTOMERS}.leav_out", "unknown key"),
    "update without the record's id": (
        'ref = "$id", guard',
        'ref = "1", guard',
        "/customers/save",
        f"{_CUSTOMERS}.update.request",
        "never uses id, and would not say which record",
    ),
    "update that changes nothing": (
        'changes = "$changes"',
        'changes = "1"',
        "/customers/save",
        f"{_CUSTOMERS}.update.request",
        "never uses changes, and would change nothing",
    ),
    "guard that is read and not sent": (
        'guard = "$guard", changes',
        'guard = "x", changes',
        "/customers/save",
        f"{_CUSTOMERS}.update.request",
        "never uses guard, and would overwrite what somebody else changed",
    ),
    "guard that is sent and not read": (
        'guard = { kind = "stamp", at = "modified", conflict = ["STALE"] }\n',
        "",
        "/customers/save",
        f"{_CUSTOMERS}.update.request.body.guard",
        "refers to guard, which is not known here",
    ),
    "deactivation without the guard": (
        'cancel", headers = { If-Match = "$guard" }',
        'cancel"',
        "/cancel",
        f"{_ORDERS}.deactivate.request",
        "never uses guard",
    ),
    "deactivation by deletion": (
        'method = "POST", path = "/orders/{id}/cancel"',
        'method = "DELETE", path = "/orders/{id}/cancel"',
        "/cancel",
        f"{_ORDERS}.deactivate.request.method",
        "must not delete",
    ),
    "a stamp without a place": (
        'kind = "stamp", at = "modified", ',
        'kind = "stamp", ',
        'kind = "stamp"',
        f"{_CUSTOMERS}.guard",
        "does not say where the stamp is",
    ),
    "an ETag that nothing brings": (
        'kind = "stamp", at = "modified", ',
        'kind = "etag", ',
        'kind = "etag"',
        f"{_CUSTOMERS}.guard",
        "comes with an answer to `read`",
    ),
    "a guard of two kinds": (
        'at = "modified", ',
        'at = "modified", table = { x = "modified" }, ',
        'at = "modified"',
        f"{_CUSTOMERS}.guard",
        "both at and table",
    ),
    "a name of the guard's table": (
        'at = "modified", ',
        'table = { "{current.town}" = "modified" }, ',
        "current.town",
        f'{_CUSTOMERS}.guard.table."{{current.town}}"',
        "refers to current.town",
    ),
    "a value of the record that nothing names": (
        '"$current.city"',
        '"$current.town"',
        "companions",
        f'{_CUSTOMERS}.update.companions[0].values."place.id"',
        "refers to current.town",
    ),
    "a reference inside a text that is composed": (
        'reason = "reconciled"',
        'reason = "of {id}"',
        "companions",
        f"{_CUSTOMERS}.update.companions[0].values.reason",
        "must be the whole value",
    ),
    "a secret sent along": (
        '"$context.model"',
        '"$credentials.key"',
        "defaults",
        f"{_CUSTOMERS}.create.defaults.model",
        "refers to credentials.key",
    ),
    "a create without the record": (
        'headers = { X-Once = "$idempotency" }, body = "$record"',
        'headers = { X-Once = "$idempotency" }, body = {}',
        "/customers/new",
        f"{_CUSTOMERS}.create.request",
        "never uses record, and would add nothing",
    ),
    "a create that could double": (
        '[entities.orders.find]\nrequest = { path = "/orders", query = { number = "$key" } }\n'
        'records = "items"\npaging = { kind = "single" }\n',
        "",
        "[entities.orders.write.create]",
        f"{_ORDERS}.create",
        "a lost answer would lead to a second record",
    ),
    "a write that reads": (
        'method = "PUT", path = "/orders/{id}"',
        'path = "/orders/{id}"',
        'path = "/orders/{id}", headers',
        f"{_ORDERS}.update.request",
        "a GET writes nothing",
    ),
    "no way to read one record": (
        '[entities.customers.one]\nrequest = { path = "/customers", query = { ref = "$id" } }\n'
        'records = "items"\npaging = { kind = "single" }\n',
        "",
        "[entities.customers.write]",
        _CUSTOMERS,
        "nothing says how one record is read",
    ),
    "reading the same record every time": (
        'path = "/orders/{id}", outcomes',
        'path = "/orders/900", outcomes',
        "/orders/900",
        f"{_ORDERS}.read.request",
        "never uses id",
    ),
    "an unsaid list": (
        'merge = ["extras"]\n',
        "",
        "[entities.customers.write]",
        _CUSTOMERS,
        "credit_limit is read at `extras[limit].value`, inside a list, and nothing says how the list is written",
    ),
    "an element to merge": (
        'merge = ["extras"]',
        'merge = ["extras[limit]"]',
        "merge",
        f"{_CUSTOMERS}.merge[0]",
        "not one element of a list",
    ),
    "a path": ('"extras.row"', '"extras..row"', "extras..row", f"{_CUSTOMERS}.leave_out[0]", "a name is missing"),
    "a path of the record": (
        'city = "place.id"',
        'city = "place["',
        "place[",
        f"{_CUSTOMERS}.current.city",
        "a name is missing",
    ),
    "a path of a field": (
        'path = "discount.amount"',
        'path = "discount."',
        '"discount."',
        f"{_CUSTOMERS}.fields.special_discount.path",
        "a name is missing",
    ),
    "a path of a default": (
        "kind = 1, model",
        '"kind." = 1, model',
        "kind.",
        f'{_CUSTOMERS}.create.defaults."kind."',
        "a name",
    ),
    "a field that is none": (
        'read_only = ["sales_volume"]',
        'read_only = ["updated"]',
        '["updated"]',
        f"{_CUSTOMERS}.read_only",
        "updated is not a field of this entity",
    ),
    "a field written that is none": (
        "legal_name = { max_characters",
        "legal_nmae = { max_characters",
        "legal_nmae",
        f"{_CUSTOMERS}.fields.legal_nmae",
        "is not a field of this entity",
    ),
    "a companion of a field that is none": (
        'fields = ["legal_name"], values',
        'fields = ["name"], values',
        "companions",
        f"{_CUSTOMERS}.update.companions[0].fields",
        "name is not a field",
    ),
    "a length of a number": (
        'send = "text", empty',
        "max_characters = 3, empty",
        "max_characters = 3,",
        f"{_CUSTOMERS}.fields.special_discount.max_characters",
        "is for texts",
    ),
    "a text of a text": (
        "legal_name = { max_characters = 40 }",
        'legal_name = { send = "text" }',
        'legal_name = { send = "text" }',
        f"{_CUSTOMERS}.fields.legal_name.send",
        "is for numbers",
    ),
    "a CPF of a name": (
        "legal_name = { max_characters = 40 }",
        'legal_name = { cpf_path = "x" }',
        'cpf_path = "x"',
        f"{_CUSTOMERS}.fields.legal_name.cpf_path",
        "is for documents",
    ),
    "values without a CPF": (
        'cpf_path = "person", ',
        "",
        "cpf_values",
        f"{_CUSTOMERS}.fields.tax_id.cpf_values",
        "goes with cpf_path",
    ),
    "codes of another type": (
        'active = { send = "json" }',
        'active = { codes = { yes = "true" } }',
        "yes",
        f"{_CUSTOMERS}.fields.active.codes.yes",
        "must stand for true or false",
    ),
    "what a deactivation leaves": (
        'after = { status = "cancelled" }',
        "after = { status = true }",
        "after",
        f"{_ORDERS}.deactivate.after.status",
        "must be a text",
    ),
    "a line field that is none": (
        'read_only = ["unit_price"]',
        'read_only = ["price"]',
        '["price"]',
        f"{_ORDERS}.lines.read_only",
        "price is not a field of this entity",
    ),
    "brackets in a sign": (
        'at = "status", equals',
        'at = "status[0]", equals',
        "status[0]",
        f"{_CUSTOMERS}.update.done[0].at",
        "not a path into the answer",
    ),
    "a sign of nothing and something": (
        'at = "alerts", missing = true',
        'at = "alerts", missing = true, equals = ["1"]',
        "alerts",
        f"{_CUSTOMERS}.create.done[0].missing",
        "exclude each other",
    ),
}


@pytest.mark.parametrize(("old", "new", "needle", "key", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_file_line_and_key(
    old: str, new: str, needle: str, key: str, problem: str, tmp_path: Path
) -> None:
    assert old in DESCRIPTION
    text = DESCRIPTION.replace(old, new, 1)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if needle in line)
    with pytest.raises(TomlError) as caught:
        description_in(tmp_path, text)
    told = [str(caught.value), *caught.value.detail.splitlines()]
    assert any(each.startswith(f"./bazaar.toml:{line}: {key}: ") and problem in each for each in told), told


def test_the_description_of_the_tests_is_right(tmp_path: Path) -> None:
    assert description_in(tmp_path).entities["customers"].write is not None


def test_the_example_of_the_documentation_is_right(tmp_path: Path) -> None:
    documentation = Path(__file__).parents[2] / "docs" / "descriptions.md"
    section = documentation.read_text(encoding="utf-8").partition("\n## Writing (")[2]
    example = section.partition("```toml\n")[2].partition("```")[0]
    before = DESCRIPTION.partition("[entities.customers.write]")[0].replace("[vendor.context]\nmodel", "#")
    text = before.replace("extras[limit].value", "limit").replace(
        'state = { path = "state"', 'city = "town"\nstate = { path = "state"'
    )
    write = description_in(tmp_path, text + example).entities["customers"].write
    assert write is not None
    assert write.create is not None
    assert write.update is not None
