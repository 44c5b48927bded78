"""The word tables of the fixtures, typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from random import Random

from reconciler.sandbox.data_files import read_data_file


@dataclass(frozen=True, slots=True)
class City:
    """A city. `cep` is the first and last five digits of its postal codes; `id` is its number in the CRM."""

    id: int
    name: str
    state: str
    ibge: str
    cep: tuple[int, int]
    area_code: str
    weight: int


@dataclass(frozen=True, slots=True)
class State:
    """A state (UF). `id` is its number in the CRM."""

    id: int
    short: str
    name: str


@dataclass(frozen=True, slots=True)
class Places:
    """States and cities. CRM numbers follow the order of the data file."""

    states: Sequence[State]
    cities: Sequence[City]
    city_weights: Sequence[int]
    state_ids: Mapping[str, int]

    def some_city(self, random: Random) -> City:
        """A city, the larger ones more often."""
        return random.choices(self.cities, self.city_weights)[0]


@dataclass(frozen=True, slots=True)
class Names:
    """Parts of which names of companies, people and streets are made."""

    kinds: Sequence[str]
    first: Sequence[str]
    second: Sequence[str]
    activities: Sequence[str]
    long_activities: Sequence[str]
    suffixes: Sequence[str]
    suffix_weights: Sequence[int]
    given: Sequence[str]
    family: Sequence[str]
    street_kinds: Sequence[str]
    streets: Sequence[str]
    boxes: Sequence[str]
    other_boxes: Sequence[str]
    invented_crm: Sequence[str]
    invented_erp: Sequence[str]


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of product. `price_cents` is the range its prices come from."""

    name: str
    unit: str
    ncm: str
    product_class: str
    price_cents: tuple[int, int]


@dataclass(frozen=True, slots=True)
class ProductWords:
    """Parts of which products are made."""

    nouns: Sequence[Noun]
    variants: Sequence[str]
    sizes: Sequence[str]


@cache
def places() -> Places:
    """States and cities of `places.toml`."""
    data = read_data_file("places.toml")
    states = [State(number, short, name) for number, (short, name) in enumerate(data["states"].items(), start=1)]
    cities = [
        City(
            number,
            row["name"],
            row["state"],
            row["ibge"],
            (int(row["cep"][0]), int(row["cep"][1])),
            row["area_code"],
            row["weight"],
        )
        for number, row in enumerate(data["cities"], start=1)
    ]
    return Places(states, cities, [city.weight for city in cities], {state.short: state.id for state in states})


@cache
def names() -> Names:
    """Names of `words.toml`."""
    data = read_data_file("words.toml")
    companies, people, streets, mail = data["companies"], data["people"], data["streets"], data["mail"]
    return Names(
        kinds=companies["kinds"],
        first=companies["first"],
        second=companies["second"],
        activities=companies["activities"],
        long_activities=companies["long_activities"],
        suffixes=[suffix for suffix, _ in companies["suffixes"]],
        suffix_weights=[weight for _, weight in companies["suffixes"]],
        given=people["given"],
        family=people["family"],
        street_kinds=streets["kinds"],
        streets=streets["names"],
        boxes=mail["boxes"],
        other_boxes=mail["other_boxes"],
        invented_crm=data["invented"]["crm"],
        invented_erp=data["invented"]["erp"],
    )


@cache
def product_words() -> ProductWords:
    """Product words of `products.toml`."""
    data = read_data_file("products.toml")
    nouns = [
        Noun(
            row["name"],
            row["unit"],
            row["ncm"],
            row["class"],
            (int(Decimal(row["price"][0]) * 100), int(Decimal(row["price"][1]) * 100)),
        )
        for row in data["nouns"]
    ]
    return ProductWords(nouns, data["variants"], data["sizes"])


def invented_name(syllables: Sequence[str], random: Random) -> str:
    """A name that resembles no other: two words of invented syllables."""
    return " ".join("".join(random.choices(syllables, k=length)).capitalize() for length in (4, 3))
