"""How far something that a description says was verified."""

from __future__ import annotations

from typing import Literal

Certainty = Literal["live", "sandbox", "documentation", "third-party notes"]
"""Best first. `sandbox` is our own stand-in, never the vendor."""
