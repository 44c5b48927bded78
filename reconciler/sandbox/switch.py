"""Turns misbehaviour on and off while a server runs."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.errors import ConfigurationError
from reconciler.sandbox.answers import Refusal, json_object
from reconciler.sandbox.faults import FaultPlan, fault_kind
from reconciler.sandbox.shifting import Shifting


class Switch:
    """The fault plan in force and the records that come and go.

    Args:
        plan: in force from the start.
        shifting: makes the shifting of a new plan, for its `every`.
    """

    def __init__(self, plan: FaultPlan, shifting: Callable[[int], Shifting]) -> None:
        self.plan = plan
        self._make_shifting = shifting
        self.shifting = shifting(plan.every)

    def set(self, plan: FaultPlan) -> None:
        """Put another plan in force; every count starts again."""
        self.settle()
        self.plan = plan
        self.shifting = self._make_shifting(plan.every)

    def settle(self) -> None:
        """Take out what is not meant to last."""
        self.shifting.clear()


def misbehave_request(body: bytes) -> FaultPlan:
    """The plan in the body of `_sandbox/misbehave`: `{"kind": …, "every": N}`.

    Raises:
        Refusal: 400, the body is wrong.
    """
    wanted = json_object(body)
    every = wanted.get("every", 3)
    if not set(wanted) <= {"kind", "every"} or not isinstance(every, int) or isinstance(every, bool):
        raise Refusal(400, 'Send {"kind": "429", "every": 3}.', code="PARAMETRO_INVALIDO")
    try:
        return FaultPlan(fault_kind(str(wanted.get("kind"))), every)
    except ConfigurationError as error:
        raise Refusal(400, str(error), code="PARAMETRO_INVALIDO") from error
