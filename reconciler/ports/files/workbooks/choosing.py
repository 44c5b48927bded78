"""Which sheet of a workbook is meant."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.ports.files.layout_error import FileLayoutError


def position_of(sheet: str | int, names: Sequence[str]) -> int:
    """Position of a sheet, from 0.

    Args:
        sheet: name, or position from 1.
        names: of all sheets in order, hidden ones included.

    Raises:
        FileLayoutError: there is none, or several have that name.
    """
    chosen = [position for position, name in enumerate(names) if sheet in (position + 1, name)]
    if len(chosen) != 1:
        raise no_such_sheet(sheet, names)
    return chosen[0]


def no_such_sheet(sheet: str | int, names: Sequence[str]) -> FileLayoutError:
    """The error for a sheet that is not there. Names are shown without control characters."""
    known = ", ".join(repr(name) for name in names[:5]) + (", …" if len(names) > 5 else "")
    wanted = f"sheet {sheet}" if isinstance(sheet, int) else f"sheet named {sheet!r}"
    return FileLayoutError(f"the workbook has no {wanted}; it has {known or 'none'}")
