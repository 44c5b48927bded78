"""Answers to steps of a conversation that are about the company and no quote: asked once in a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from reconciler.connectors.tax.hook import Ask, Hook
from reconciler.connectors.tax.identities import KEPT_S
from reconciler.ports.http.checks import names_of
from reconciler.ports.http.references import Value
from reconciler.ports.http.settings import Request


@dataclass(slots=True)
class KeptSteps:
    """The answers of one hook, each to a step with the values that its request refers to.

    Attributes:
        monotonic_s: clock that never goes back.
    """

    hook: Hook
    steps: Mapping[str, Request]
    monotonic_s: Callable[[], float] = time.monotonic
    _kept: dict[tuple[str, str], tuple[JsonValue, float]] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop them all: anything may have changed."""
        self._kept.clear()

    def before(self, ask: Ask) -> Ask:
        """The same, where what is known is not asked again. Failures are not kept."""

        async def asked(step: str, values: Mapping[str, Value]) -> JsonValue:
            if step not in self.hook.kept_steps:
                return await ask(step, values)
            named = {name: values.get(name) for name in sorted(names_of(self.steps[step]))}
            key = (step, repr(named))
            known = self._kept.get(key)
            if known is not None and self.monotonic_s() < known[1]:
                return known[0]
            answer = await ask(step, values)
            self._kept[key] = (answer, self.monotonic_s() + KEPT_S)
            return answer

        return asked
