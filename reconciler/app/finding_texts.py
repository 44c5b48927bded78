"""The sentence that explains a finding, in the language of the project."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.compare.explanations import explain
from reconciler.model.findings import Finding


def explanations(locale: str) -> Callable[[Finding], str]:
    """A function from a finding to its explanation."""
    return lambda finding: explain(finding.cause, finding.kind, finding.detail, locale)
