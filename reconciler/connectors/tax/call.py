"""What a vendor description can say about asking for the taxes of a quote that is not saved, as strict types. Pure.

The body of the request is a table whose string leaves may be references, as in every request. A table in it that is
left with nothing in it is left out. `"$lines"` is a list with the table `line` for each line of the quote. Names,
beside `context.*` (`QUOTE_NAMES`, `LINE_NAMES`):

* `date` ("2026-11-22") and its parts `date.year`, `date.month`, `date.day`;
* `customer.tax_id`, `customer.final_consumer`, `customer.taxpayer`; `customer.erp_id`, the record's id in the ERP, with
  `.number` and `.0`, `.1` … as `id` has them elsewhere: the customer is then looked up first; and
  `customer.record.<name>`, values of that record by the paths in `customer_values`;
* `ship_to.state`, `ship_to.city_ibge` (and `.number`); null where the quote does not say;
* in lines: `line.id` (its position from 1, as text), `line.number` (the same as a number), `line.sku`,
  `line.product_id` and `line.product.<name>` (looked up, as above), `line.quantity`, `line.unit_price`,
  `line.discount` (percent), `line.net_unit_price`, `line.discount_amount` and `line.total` (both rounded to cents).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue

from reconciler.connectors.certainty import Certainty
from reconciler.model.taxes import CENT, Charge, Rounding, TaxKind
from reconciler.ports.http.settings import Listing, Request, Strict

CUSTOMER_ID: Final = "customer.erp_id"
CUSTOMER_RECORD: Final = "customer.record"
PRODUCT_ID: Final = "line.product_id"
PRODUCT_RECORD: Final = "line.product"
MOST_ID_MEMBERS: Final = 4

QUOTE_NAMES: Final = (
    "date",
    "date.year",
    "date.month",
    "date.day",
    "customer.tax_id",
    "customer.final_consumer",
    "customer.taxpayer",
    CUSTOMER_ID,
    f"{CUSTOMER_ID}.number",
    *(f"{CUSTOMER_ID}.{member}" for member in range(MOST_ID_MEMBERS)),
    "ship_to.state",
    "ship_to.city_ibge",
    "ship_to.city_ibge.number",
)
"""What references may name of the quote as a whole."""

DRAFT_MARK: Final = "draft.mark"
"""In requests that save a draft: text that no other draft has."""
DRAFT_NAMES: Final = ("draft.id", "draft.id.number")
"""What requests may name once it is saved."""

LINE_NUMBERS: Final = (
    "line.quantity",
    "line.unit_price",
    "line.discount",
    "line.net_unit_price",
    "line.discount_amount",
    "line.total",
)

LINE_NAMES: Final = (
    "line.id",
    "line.number",
    "line.sku",
    PRODUCT_ID,
    f"{PRODUCT_ID}.number",
    *(f"{PRODUCT_ID}.{member}" for member in range(MOST_ID_MEMBERS)),
    *LINE_NUMBERS,
)
"""What they may name of one line."""

Needed = Literal["customer.final_consumer", "customer.taxpayer", "ship_to.state", "ship_to.city_ibge"]
"""Parts that a quote may lack."""

NumberForm = Literal["json", "decimal", "decimal_comma"]
Rates = Literal["percent", "fraction"]


class TaxPaths(Strict):
    """Where the values of one tax are. What is not described is not told by the ERP.

    Attributes:
        code: of the tax situation (CST, CSOSN).
    """

    rate: str | None = None
    base: str | None = None
    amount: str | None = None
    deduction: str | None = None
    code: str | None = None


class ChargeFlag(Strict):
    """A member that tells whether the price already holds the tax, and its values for that and for the contrary."""

    path: str
    in_price: Annotated[list[str], Field(min_length=1)]
    added: Annotated[list[str], Field(min_length=1)]


class ListedKind(Strict):
    """What a kind that an ERP lists is.

    Attributes:
        charge: None where `TaxList.charge` tells it of each tax.
        deducts: kinds of the same line whose amounts lessen base × rate, where no `deduction` is told.
        trust_base: False where the base that is told is not the one the ERP calculates with. It is not shown then.
    """

    kind: TaxKind
    charge: Charge | None = None
    deducts: list[TaxKind] = Field(default=[])
    trust_base: bool = True


class AlsoInElement(TaxPaths):
    """A second tax inside the list element of another one, such as FCP inside ICMS. Left out where it is nothing.

    Attributes:
        inside: the ERP's kind of the element.
    """

    inside: str
    kind: TaxKind
    charge: Charge


class TaxList(TaxPaths):
    """Taxes as a list of kinds inside each line.

    Attributes:
        path: of the list; `kind`, and the paths of the values, start at its elements.
        kinds: the ERP's kinds. One that is not among them makes the answer unusable: nothing is dropped in silence.
    """

    path: str
    kind: str
    kinds: dict[str, ListedKind]
    charge: ChargeFlag | None = None
    also: list[AlsoInElement] = Field(default=[])


class TaxColumns(TaxPaths):
    """One tax as members of the line itself, flat or in an object.

    Attributes:
        optional: it does not apply where rate and amount are both absent or zero. Otherwise it must be there.
        deducts: as in `ListedKind`.
    """

    kind: TaxKind
    charge: Charge
    optional: bool = False
    deducts: list[TaxKind] = Field(default=[])


class KindTotals(Strict):
    """Totals as a list of kinds, named as in `TaxList.kinds`."""

    path: str
    kind: str
    amount: str


class TaxTotals(Strict):
    """Where the totals of the whole document are. Each that is described must be the sum of the items, exactly.

    Attributes:
        taxes: in price and added together.
        total: goods and what is added.
    """

    goods: str | None = None
    added: str | None = None
    in_price: str | None = None
    taxes: str | None = None
    total: str | None = None
    by_kind: KindTotals | None = None


class AnswerCurrency(Strict):
    """Where the answer tells its currency, and what its codes mean in ISO 4217."""

    path: str
    codes: dict[str, str] = Field(default={})


class TaxAnswer(Strict):
    """What an answer looks like.

    Attributes:
        lines: path of the list of lines; for a call per item, of the object about the item. "" is the whole answer.
        one_as_object: a list of one is written as its element.
        id: path of what was sent as `line.id` or `line.number`. None: lines come in the order they were sent, which
            `echoes` must prove.
        echoes: paths in a line to names of what was sent (`LINE_NAMES`): each must be the same.
        goods: path of the price of the line less its discount.
        taxes_total: path of the line's taxes, in price and added together.
        listed, columns: one of the two.
        rates: `percent` is 12 for twelve in a hundred, `fraction` is 0.12.
    """

    lines: str = ""
    one_as_object: bool = False
    id: str | None = None
    echoes: dict[str, str] = Field(default={})
    goods: str | None = None
    taxes_total: str | None = None
    listed: TaxList | None = None
    columns: Annotated[list[TaxColumns], Field(min_length=1)] | None = None
    rates: Rates = "percent"
    totals: TaxTotals = TaxTotals()
    currency: AnswerCurrency | None = None


class Prospect(Strict):
    """How taxes are asked for a buyer the ERP does not know.

    Attributes:
        requires: as in `TaxCall`.
        body: instead of that of the request.
    """

    requires: list[Needed] = Field(default=[])
    body: dict[str, JsonValue]


class TaxDraft(Strict):
    """How a draft that an ERP saves while it calculates is read and removed again. Names: `draft.id` (`.number`).

    Attributes:
        id: path of the draft's id in the answer to the request that saves it.
        read: gives the taxes; None: they are in the answer to the request already.
        remove: deletes the draft.
        gone: vendor codes of a refusal because there is no such draft (any more).
        find: gives the drafts whose mark is `draft.mark`, which the request sends. Without it, a draft whose saving was
            not answered is looked for by a person.
        found: path of the id in a record that `find` gives.
    """

    id: str
    read: Request | None = None
    remove: Request
    gone: list[str] = Field(default=["404"])
    find: Listing | None = None
    found: str = "id"


class TaxCall(Strict):
    """How an ERP is asked for the taxes of a quote, and what it answers.

    Attributes:
        verified, note: how far the call was verified, and against what.
        mode: one call for the document, or one per item (made at once).
        yields: what the answer holds. From rates nothing is calculated: they are shown, and the amounts unavailable.
        saves: nothing, or a draft that is removed as soon as it was read (`draft`).
        conversation: the hook that holds a conversation of several requests, where one cannot do (`vendors/<name>.py`).
            It sends the `steps` by name and at last the request, and gives the answer that `answer` describes.
        rounding: of halves of a cent.
        numbers: how they are sent: as JSON numbers, or as text with a point or a comma. Text is read the same way.
        booleans: texts for yes and no; None sends JSON booleans.
        id_width: `line.id` is filled up with zeros to so many characters.
        goods_tolerance: how far the ERP's price of a line may be from the quote's, where it rounds the price of one.
        price_decimals: of the price of one, which the ERP rounds so. A quote may not have more of them, and a line of
            many pieces may cost so much more or less. None: as many as the quote has.
        untaxed_lines: a line without any tax is an answer; otherwise it is taken for a gap in the ERP's configuration.
        context: what the call needs of the project's ERP context, beside `vendor.context`: name to what it is.
        optional_context: the same for what may be left out.
        requires: what a quote must say for this ERP.
        otherwise: what stands in for parts a quote does not say: names to whole references, `$context.*`.
        customer_values, product_values: names to paths of the ERP's record of the customer, or of a line's product.
        request: its body is a table, with `"$lines"` in it where the mode is `document`.
        line: the table that each element of `"$lines"` is.
        prospect: None where the ERP calculates for registered customers only.
        unknown_customer, unknown_product: vendor codes of a refusal because of either.
    """

    verified: Certainty
    note: str = ""
    mode: Literal["document", "item"]
    yields: Literal["amounts", "rates"] = "amounts"
    saves: Literal["nothing", "draft"]
    draft: TaxDraft | None = None
    conversation: str | None = None
    steps: dict[str, Request] = Field(default={})
    rounding: Rounding
    numbers: NumberForm = "json"
    booleans: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    id_width: Annotated[int, Field(ge=0, le=10)] = 0
    goods_tolerance: Annotated[Decimal, Field(ge=0, le=1)] = CENT
    price_decimals: Annotated[int, Field(ge=0, le=6)] | None = None
    untaxed_lines: bool = False
    context: dict[str, str] = Field(default={})
    optional_context: dict[str, str] = Field(default={})
    requires: list[Needed] = Field(default=[])
    otherwise: dict[Needed, str] = Field(default={})
    customer_values: dict[str, str] = Field(default={})
    product_values: dict[str, str] = Field(default={})
    request: Request
    line: dict[str, JsonValue] = Field(default={})
    prospect: Prospect | None = None
    unknown_customer: list[str] = Field(default=[])
    unknown_product: list[str] = Field(default=[])
    answer: TaxAnswer
