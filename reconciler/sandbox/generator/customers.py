"""Customers that are equal on both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

from reconciler.sandbox.generator.documents import DocumentSource, state_registration
from reconciler.sandbox.generator.records import Customer, Twin
from reconciler.sandbox.generator.text_forms import ascii_letters
from reconciler.sandbox.generator.words import City, names, places

BRASILIA = timezone(timedelta(hours=-3))
"""São Paulo has had no summer time since 2019, so the offset is fixed for every date that is generated."""
FIRST_CRM_CONTACT_ID = 401
_FIRST_CHANGE = datetime(2026, 1, 5, 8, 0, tzinfo=BRASILIA)
_CHANGES_SPAN_S = 240 * 86_400
_LARGEST_DRIFT_S = 6 * 3_600
_PEOPLE_SHARE = 0.08
_LINKED_SHARE = 0.7
NAME_LIMIT_CHARACTERS = 60
"""Longest name the ERP keeps."""


def change_stamp(random: Random) -> datetime:
    """When a record was last changed in the ERP, to the second."""
    return _FIRST_CHANGE + timedelta(seconds=random.randrange(_CHANGES_SPAN_S))


def drifted(stamp: datetime, random: Random) -> datetime:
    """When the CRM saw the same change: within a few hours, to the millisecond."""
    shift_ms = random.randrange(-_LARGEST_DRIFT_S * 1000, _LARGEST_DRIFT_S * 1000)
    return (stamp + timedelta(milliseconds=shift_ms)).astimezone(UTC)


def legal_name(random: Random, core: str, activity: str) -> str:
    """A company's registered name, of at most `NAME_LIMIT_CHARACTERS`."""
    words = names()
    kind = random.choice(words.kinds)
    suffix = random.choices(words.suffixes, words.suffix_weights)[0]
    full = f"{kind} {core} de {activity} {suffix}"
    return full if len(full) <= NAME_LIMIT_CHARACTERS else f"{kind} {core} {suffix}"


def mail_box(random: Random, trade_name: str) -> str:
    """An address at example.com."""
    return f"{random.choice(names().boxes)}.{ascii_letters(trade_name)}@example.com"


def cep_in(city: City, random: Random) -> str:
    """Eight digits of a postal code of the city."""
    return f"{random.randint(*city.cep):05d}{random.randrange(1000):03d}"


def _amount(random: Random, largest_cents: int) -> Decimal | None:
    """Cents, or nothing for one in ten."""
    return None if random.random() < 0.1 else Decimal(random.randrange(1, largest_cents)) / 100


class CustomerMaker:
    """Makes customers; every call gives another one, with numbers that were not given before."""

    def __init__(self, random: Random, count: int) -> None:
        self.documents = DocumentSource(random)
        self._random = random
        self._made = 0
        # The ERP numbered its customers in another order than the CRM: nothing may lean on equal positions.
        self._codes = list(range(1, count + 1))
        random.shuffle(self._codes)

    def numbers(self) -> tuple[int, str]:
        """The next CRM id and ERP code."""
        code = self._codes[self._made] if self._made < len(self._codes) else self._made + 1
        self._made += 1
        return FIRST_CRM_CONTACT_ID + self._made - 1, f"{code:06d}"

    def customer(self) -> Customer:
        """A company, or a person for one in twelve."""
        random, words = self._random, names()
        crm_id, erp_code = self.numbers()
        company = random.random() >= _PEOPLE_SHARE
        city = places().some_city(random)
        if company:
            core = f"{random.choice(words.first)} {random.choice(words.second)}"
            activity = random.choice(words.activities)
            legal, trade = legal_name(random, core, activity), f"{core} {activity}"
        else:
            legal = trade = f"{random.choice(words.given)} {random.choice(words.family)}"
        return Customer(
            crm_id=crm_id,
            erp_code=erp_code,
            tax_id=self.documents.company() if company else self.documents.person(),
            company=company,
            legal_name=legal,
            trade_name=trade,
            state_registration=state_registration(random) if company else None,
            email=None if random.random() < 0.05 else mail_box(random, trade),
            phone=None if random.random() < 0.05 else f"{city.area_code}5555{random.randrange(10_000):04d}",
            street=f"{random.choice(words.street_kinds)} {random.choice(words.streets)}, {random.randrange(1, 4000)}",
            city=city,
            erp_city_name=city.name,
            zip=cep_in(city, random),
            credit_limit=None if random.random() < 0.1 else Decimal(random.randrange(1, 400) * 500),
            special_discount=_amount(random, 1_500),
            sales_volume=_amount(random, 300_000_000),
            active=random.random() < 0.93,
            updated_at=change_stamp(random),
            link=erp_code if random.random() < _LINKED_SHARE else None,
        )

    def twins(self, count: int) -> list[Twin[Customer]]:
        """`count` customers that are equal on both sides but for their change stamps."""
        found: list[Twin[Customer]] = []
        for _ in range(count):
            record = self.customer()
            found.append(Twin([replace(record, updated_at=drifted(record.updated_at, self._random))], [record]))
        return found
