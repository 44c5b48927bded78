"""What speaks against a write, in Portuguese. The clauses themselves are made in English where the trouble is found."""

from __future__ import annotations

from reconciler.phrases.languages import in_language


def problem_in_portuguese(problem: str) -> str:
    """A problem such as `email: the system takes at most 60 characters`, or the clause alone.

    What has no translation stays as it is, since it is all that is known.
    """
    return in_language(problem, "pt-BR")
