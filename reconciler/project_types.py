"""What the sections of the project file are made of."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class StrictSection(BaseModel):
    """A table of the project file: no unknown key, and no number taken for a text or the reverse."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _exact_decimal(value: object) -> Decimal:
    if isinstance(value, float):
        raise ValueError('write the amount as text, such as "0.01": TOML numbers with a point are not exact')
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f'"{value}" is not an amount; an example is "0.01"') from None


ExactDecimal = Annotated[Decimal, BeforeValidator(_exact_decimal), Field(ge=0, allow_inf_nan=False)]
