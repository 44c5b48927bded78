"""What a person is told about a mistake in the tax call of a description: file, line, key and problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.connectors.description import Description
from reconciler.connectors.load import load_description
from reconciler.errors import TomlError

DESCRIPTION = """\
[vendor]
name = "my_erp"
title = "My ERP"
roles = ["erp"]
[vendor.credentials]
token = "token"

[http]
[http.auth]
kind = "bearer"
token = "{credentials.token}"

[entities.customers]
verified = "documentation"
id = "id"
full = { request = { path = "/customers" }, records = "items", paging = { kind = "single" } }
fields = { tax_id = "document" }

[taxes]
verified = "documentation"
mode = "document"
saves = "nothing"
rounding = "half_even"
requires = ["ship_to.state"]
otherwise = { "customer.taxpayer" = "$context.taxpayer" }
context = { nature = "nature of operation", taxpayer = "yes or no" }

[taxes.request]
method = "POST"
path = "/taxes/{context.nature}"
[taxes.request.body]
customer = "$customer.erp_id"
payer = "$customer.taxpayer"
items = "$lines"

[taxes.line]
id = "$line.id"
code = "$line.sku"
count = "$line.quantity"
price = "$line.unit_price"
less = "$line.discount"

[taxes.prospect]
body = { state = "$ship_to.state", items = "$lines" }

[taxes.answer]
lines = "items"
id = "id"
echoes = { code = "line.sku" }
totals = { goods = "sum.goods" }

[taxes.answer.listed]
path = "taxes"
kind = "name"
amount = "value"
kinds = { A = { kind = "icms", charge = "in_price" } }
also = [{ inside = "A", kind = "fcp", charge = "added", amount = "fcp" }]
"""

_CALL = "taxes"
_ANSWER = "taxes.answer"
MISTAKES = {
    # what is replaced, by what, a text on the line that is told, its key, the problem
    "unknown key": ('saves = "nothing"', 'save = "nothing"', "save =", f"{_CALL}.save", "unknown key"),
    "a call that leaves something behind": (
        '"nothing"',
        '"draft"',
        '"draft"',
        f"{_CALL}.saves",
        "a draft must be removed again",
    ),
    "unknown rounding": ('"half_even"', '"down"', '"down"', f"{_CALL}.rounding", "unknown value 'down'"),
    "unknown reference": (
        "$line.sku",
        "$line.product",
        "$line.product",
        f"{_CALL}.line.code",
        "refers to line.product, which is not known here",
    ),
    "a line outside the lines": (
        'customer = "$customer.erp_id"',
        'customer = "$line.sku"',
        'customer = "$line',
        f"{_CALL}.request.body.customer",
        "refers to line.sku",
    ),
    "a secret in the body": (
        'payer = "$customer.taxpayer"',
        'payer = "$credentials.token"',
        'payer = "$cred',
        f"{_CALL}.request.body.payer",
        "refers to credentials.token",
    ),
    "no lines": (
        'items = "$lines"\n\n',
        "items = []\n\n",
        "[taxes.request.body]",
        f"{_CALL}.request.body",
        "would ask about none",
    ),
    "no product": ('code = "$line.sku"', 'code = "x"', "[taxes.line]", f"{_CALL}.line", "which product"),
    "no quantity": ('count = "$line.quantity"', "count = 1", "[taxes.line]", f"{_CALL}.line", "how many"),
    "no price": ('price = "$line.unit_price"', "price = 1", "[taxes.line]", f"{_CALL}.line", "at what price"),
    "a discount that is dropped": (
        'less = "$line.discount"',
        "less = 0",
        "[taxes.line]",
        f"{_CALL}.line",
        "would ignore the discount",
    ),
    "products nobody describes": (
        'code = "$line.sku"',
        'code = "$line.product_id"',
        "[taxes]",
        _CALL,
        "the description has no products",
    ),
    "the id of somebody unknown": (
        'body = { state = "$ship_to.state"',
        'body = { state = "$customer.erp_id"',
        "body = { state",
        f"{_CALL}.prospect.body",
        "which a prospect has not",
    ),
    "context that nothing uses": (
        'context = { nature = "nature of operation",',
        'context = { branch = "x", nature = "nature of operation",',
        "context = ",
        f"{_CALL}.context.branch",
        "the call does not use it",
    ),
    "context that is not declared": (
        '"$context.taxpayer" }',
        '"$context.payer" }',
        "otherwise",
        f'{_CALL}.otherwise."customer.taxpayer"',
        "not known here",
    ),
    "a guess instead of context": (
        '"$context.taxpayer" }',
        '"yes" }',
        "otherwise",
        f'{_CALL}.otherwise."customer.taxpayer"',
        "must be a value of the ERP context",
    ),
    "a part a quote always has": (
        'requires = ["ship_to.state"]',
        'requires = ["date"]',
        "requires",
        f"{_CALL}.requires[0]",
        "unknown value 'date'",
    ),
    "nothing to match lines by": (
        'id = "id"\nechoes = { code = "line.sku" }',
        'echoes = { count = "line.quantity" }',
        "[taxes.answer]",
        _ANSWER,
        "nothing proves which line",
    ),
    "an id that was not sent": (
        'id = "$line.id"\n',
        "",
        'id = "id"\nechoes',
        f"{_ANSWER}.id",
        "can come back only if",
    ),
    "an echo of nothing": (
        '"line.sku" }',
        '"line.ncm" }',
        "echoes",
        f"{_ANSWER}.echoes.code",
        "is not sent with a line",
    ),
    "an echo of an id that is not sent": (
        '"line.sku" }',
        '"line.product_id" }',
        "echoes",
        f"{_ANSWER}.echoes.code",
        "is not sent, and so not known",
    ),
    "no place for taxes": (
        "[taxes.answer.listed]",
        "[taxes.answer.other]",
        "[taxes.answer.other]",
        f"{_ANSWER}.other",
        "unknown key",
    ),
    "no amount": ('amount = "value"\n', "", "[taxes.answer.listed]", f"{_ANSWER}.listed", "where the amount is"),
    "in the price or not": (
        'A = { kind = "icms", charge = "in_price" }',
        'A = { kind = "icms" }',
        "kinds =",
        f"{_ANSWER}.listed.kinds.A",
        "whether the price already holds it",
    ),
    "a kind that is none": (
        'kind = "icms"',
        'kind = "vat"',
        "kinds =",
        f"{_ANSWER}.listed.kinds.A.kind",
        "unknown value 'vat'",
    ),
    "inside what": (
        'inside = "A"',
        'inside = "B"',
        "also =",
        f"{_ANSWER}.listed.also[0].inside",
        "is not one of kinds",
    ),
    "a path that is none": ('lines = "items"', 'lines = "items[0]"', "lines =", f"{_ANSWER}.lines", "is not a path"),
    "rates with an amount": (
        'rounding = "half_even"',
        'rounding = "half_even"\nyields = "rates"',
        "[taxes.answer.listed]",
        f"{_ANSWER}.listed",
        "has a rate and no amount",
    ),
    "totals of one item": (
        'mode = "document"',
        'mode = "item"',
        "items = ",
        f"{_CALL}.request.body.items",
        "refers to lines",
    ),
    "a CRM": ('roles = ["erp"]', 'roles = ["crm"]', "[taxes]", _CALL, "this system is none"),
    "a body that is no table": (
        "[taxes.request.body]\n",
        'body = "x"\n[taxes.more]\n',
        "[taxes.more]",
        f"{_CALL}.more",
        "unknown key",
    ),
}


def test_the_description_without_a_mistake_is_accepted(tmp_path: Path) -> None:
    call = _loaded(tmp_path, DESCRIPTION).taxes
    assert call is not None
    assert call.prospect is not None


@pytest.mark.parametrize(("old", "new", "line", "key", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, old: str, new: str, line: str, key: str, problem: str) -> None:
    assert DESCRIPTION.count(old) == 1, "the mistake must be made in one place"
    text = DESCRIPTION.replace(old, new)
    with pytest.raises(TomlError) as told:
        _loaded(tmp_path, text)
    number = text[: text.index(line)].count("\n") + 1
    said = f"{told.value.message}\n{told.value.detail}"
    assert problem in said
    assert f"erp.toml:{number}: {key}" in said


def _loaded(folder: Path, text: str) -> Description:
    (folder / "erp.toml").write_text(text)
    return load_description("./erp.toml", folder)


def test_the_example_of_the_documentation_is_accepted(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "descriptions.md").read_text(encoding="utf-8")
    example = guide.split("## Taxes of a quote")[1].split("```toml\n")[1].split("```")[0]
    head = DESCRIPTION.split("[taxes]")[0]
    call = _loaded(tmp_path, f"{head}{PRODUCTS}{example}").taxes
    assert call is not None
    assert call.answer.listed is not None


PRODUCTS = """\
[entities.products]
verified = "documentation"
id = "id"
full = { request = { path = "/products" }, records = "items", paging = { kind = "single" } }
fields = { sku = "code" }

"""
