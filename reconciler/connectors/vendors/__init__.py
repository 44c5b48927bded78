"""The shipped descriptions, and the hooks of those that need a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.connectors.tax.hook import Hook
from reconciler.connectors.vendors.tryton import TRYTON

HOOKS: Final[Mapping[str, Hook]] = {"tryton": TRYTON}
"""By the name that `taxes.conversation` has."""
