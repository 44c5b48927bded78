"""The words of the page. One frozen object per language, so that a missing sentence is a type error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.pilot import Severity
from reconciler.model.taxes import Charge, TaxKind
from reconciler.taxes.drift import Member
from reconciler.taxes.sentences import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTexts:
    """The words for what participants of the pilot say."""

    title: str
    lead: str
    number: str
    name: str
    severity: str
    text: str
    no_secrets: str
    send: str
    about_quote: str
    say_about: str
    nothing_said: str
    said_by: str
    kept: str
    who_reads: str
    back: str
    needs_name: str
    needs_text: str
    not_understood: str
    severities: Mapping[Severity, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTexts:
    """Every text of the page in one language. `{name}` marks what is filled in."""

    language: Language
    own_name: str
    """Of the language, in itself."""
    decimal_mark: str
    day_pattern: str
    csv_delimiter: str

    title: str
    title_of_quote: str
    skip_to_result: str
    signed_in_as: str
    sign_out: str
    sign_in: str
    sign_in_lead: str
    credential: str
    session_ended: str
    credential_refused: str
    signed_in_again: str
    from_elsewhere: str
    from_elsewhere_lead: str
    go_on: str

    by_number: str
    number: str
    ask: str
    by_lines: str
    vary: str
    customer: str
    tax_id: str
    tax_id_hint: str
    more_of_customer: str
    prospect: str
    final_consumer: str
    taxpayer: str
    as_erp_says: str
    yes: str
    no: str
    destination: str
    state: str
    as_customer: str
    city: str
    city_hint: str
    date: str
    date_hint: str
    lines: str
    line: str
    sku: str
    quantity: str
    unit_price: str
    discount: str
    add_line: str
    remove_line: str
    line_added: str
    line_removed: str
    needs_one_line: str
    wrong: str
    wrong_in_places: str

    asking: str
    result: str
    result_of_quote: str
    revision: str
    nothing_asked: str
    calculated: str
    stale: str
    unavailable: str
    no_answer: str
    live: str
    kept: str
    valid_until: str
    aged: str
    aged_lead: str
    no_amounts: str
    refused_quote: str
    try_again: str
    accept_stale: str
    rates_stated: str
    reason_code: str
    request_id: str

    goods: str
    taxes_in_price: str
    taxes_added: str
    taxes_informative: str
    total: str
    total_note: str
    taxes_of_line: str
    less: str
    kind: str
    base: str
    rate: str
    amount: str
    charge: str
    code: str
    not_told: str
    no_taxes: str
    warnings: str
    charges: Mapping[Charge, str]
    kinds: Mapping[TaxKind, str]

    drift: str
    no_drift: str
    has_drift: str
    drift_needs_answer: str
    not_kept_anywhere: str
    carried_unreadable: str
    carries_none: str
    not_kept: str
    carried: str
    erp: str
    at_stake: str
    owed: str
    why: str
    sum_of_taxes: str
    nothing: str
    members: Mapping[Member, str]

    copy: str
    copy_text: str
    copy_csv: str
    as_text: str
    as_csv: str
    copied: str
    not_copied: str
    print: str
    csv_columns: Mapping[str, str]

    problems: Mapping[str, str]
    """For people, by the stable code of a problem."""
    other_problem: str
    retry_in: str
    mistakes: Mapping[str, str]
    """What a field takes, by the last part of its place in a would-be quote."""
    ambiguous_number: str
    unknown_customer: str
    unknown_product: str
    wrong_quote: str
    in_line: str

    feedback: FeedbackTexts
