"""A run that tells nobody how it goes."""

from __future__ import annotations

from reconciler.model.entities import Side


class Quiet:
    """A `Progress` without a word."""

    def pulling(self, side: Side, entity: str, records: int, total: int | None) -> None:
        """Part of the protocol."""

    def pulled(self, side: Side, entity: str, records: int) -> None:
        """Part of the protocol."""

    def comparing(self, entity: str) -> None:
        """Part of the protocol."""

    def compared(self, entity: str) -> None:
        """Part of the protocol."""
