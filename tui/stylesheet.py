"""A stylesheet whose parsed rules are kept for the whole process."""

from __future__ import annotations

from typing import Final

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_Source = tuple[str, CSSLocation, bool, int, str]

_PARSED: Final[dict[frozenset[tuple[str, str]], dict[_Source, list[RuleSet]]]] = {}
"""By the variables of a theme: as many as there are themes, each with as many sources as there are kinds of widgets."""


class KeptStylesheet(Stylesheet):
    """Parses every source once for each theme.

    Textual parses all sources anew when a place is opened for the first time and when the theme is chosen, which is
    tenths of a second in which no key is answered. Rules are not changed once they are parsed, so they can be shared.
    """

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        parsed = _PARSED.setdefault(frozenset(self._variables.items()), {})
        source = (css, read_from, is_default_rules, tie_breaker, scope)
        rules = parsed.get(source)
        if rules is None:
            rules = parsed[source] = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
        return rules

    def reparse(self) -> None:
        """Put the rules of all sources together again. What is wrong is raised before anything is different."""
        self.parse()
