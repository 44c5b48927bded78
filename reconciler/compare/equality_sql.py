"""When two values differ."""

from __future__ import annotations

from reconciler.compare.layout import FieldColumns
from reconciler.model import staging


def differs(field: FieldColumns, crm: str, erp: str) -> str:
    """SQL condition, never null: the two columns differ by more than the field's tolerance.

    A tolerance is inclusive and never makes an empty value equal to an amount. It is the parameter
    `field.tolerance_parameter`.
    """
    if field.tolerance is None:
        return f"{crm} IS DISTINCT FROM {erp}"
    tolerance = f"CAST(${field.tolerance_parameter} AS DECIMAL({staging.DECIMAL_PRECISION}, {staging.DECIMAL_SCALE}))"
    return f"({crm} IS DISTINCT FROM {erp} AND ({crm} IS NULL OR {erp} IS NULL OR abs({crm} - {erp}) > {tolerance}))"
