"""The error tree of the reconciler.

* ReconcilerError
  - ConfigurationError            exit 2: the project file, a vendor description or a secret is wrong
    + TomlError                   one place (file, line, key) of a TOML file
    + SecretMissingError          a credential is named but not there
    + EngineMissingError          what is to compare is not installed here
  - RefusedError                  exit 2: the request is understood and not allowed
    + WrongQuoteError             taxes were asked of a quote that is wrong, or of a customer or product nobody knows
    + NothingDecidedError         a decision about corrections that could be carried out on none of them
  - SystemReadError               exit 3: a system could not be read
    + UnreachableError            no connection, no name, no certificate
    + ResponseTimeoutError        the system did not answer in time
    + CredentialsRefusedError     the system does not accept who we are
    + BlockedError                the system told us to stay away until a given time, or the day budget is spent
    + ResponseNotUnderstoodError  HTML, truncated JSON, a body over the size cap, a shape that was not described
    + VendorFaultError            the system answered with an error of its own
    + PageDriftError              records moved between pages and no stable scan was obtained
    + ReadingStoppedError         the process that read the system for us ended before it was done
    + TaxAnswerError              taxes came that contradict themselves or the question: none of them is given away
  - WriteError                    exit 2: a record was not written
    + NotWritableError            nothing was sent: the description, the value or the record does not allow it
    + SupersededError             nothing was written: the record is not what it was when the change was decided
    + WriteRefusedError           the system refused, in its own words
    + OutcomeUnknownError         exit 4: sent, and nobody can tell whether it was done; a person must look
  - EngineFailedError             exit 2: what compares did not start, stopped, or took too long
  - StateError                    exit 2: the local state cannot be used (damaged, newer, locked)

Programming mistakes stay outside the tree: a `TypeError` is a bug, never a user's problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.phrases.phrase import phrase


class ReconcilerError(Exception):
    """Something a user can understand and act on.

    Attributes:
        code: stable identifier, lower case with underscores; part of the published contract.
        message: one sentence for the user: what happened and where. Never holds a secret.
        hint: what to do next, one sentence, or "" when there is nothing to do.
        detail: technical context for the log; may be long; never holds a secret.
    """

    code = "reconciler_error"
    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        # Errors pass from one process to another, and most are made of something else than `args`.
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[ReconcilerError], arguments: tuple[object, ...], members: dict[str, object]) -> ReconcilerError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(members)
    return error


class ConfigurationError(ReconcilerError):
    """The project file, a vendor description or an option is wrong."""

    code = "configuration"


class TomlError(ConfigurationError):
    """One place of a TOML file is wrong.

    Attributes:
        file: path as the user gave it.
        line: first line of the offending key, from 1; 0 when the place is unknown.
        key: dotted key, such as `scope.customers.key`.
    """

    code = "toml"

    def __init__(self, file: str, line: int, key: str, problem: str, *, hint: str = "") -> None:
        place = f"{file}:{line}" if line else file
        told = phrase("{place}: {problem}", place=f"{place}: {key}" if key else place, problem=problem)
        super().__init__(told, hint=hint)
        self.file = file
        self.line = line
        self.key = key


class SecretMissingError(ConfigurationError):
    """A credential is named in the project file but cannot be found where it says."""

    code = "secret_missing"


class EngineMissingError(ConfigurationError):
    """The engine that the project names for comparisons is not installed on this machine."""

    code = "engine_missing"


class RefusedError(ReconcilerError):
    """The request is understood and not allowed."""

    code = "refused"


class WrongQuoteError(RefusedError):
    """Taxes cannot be asked of this quote, and asking again would not help.

    Attributes:
        code: `wrong_quote`, `unknown_customer`, `unknown_product` or `unknown_quote`.
        place: what is wrong in the quote, such as `lines[0].quantity`; "" when it is the quote as a whole.
        others: what else is wrong in the same quote, where it was all looked at.
    """

    code = "wrong_quote"

    def __init__(
        self,
        message: str,
        *,
        code: str = "wrong_quote",
        place: str = "",
        hint: str = "",
        others: Sequence[WrongQuoteError] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.place = place
        self.others = others


class NothingDecidedError(RefusedError):
    """A decision about corrections could be carried out on none of those that were chosen.

    Attributes:
        reasons: words for programs, one for each kind of reason why one was left as it is; none where none was chosen.
    """

    def __init__(self, message: str, *, reasons: frozenset[str] = frozenset(), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reasons = reasons


class SystemReadError(ReconcilerError):
    """A system could not be read. `system` is `crm` or `erp`.

    Attributes:
        may_have_acted: whether the request may have reached the system and no answer tells that nothing was done. It
            matters for requests that write.
    """

    code = "system_read"
    exit_code = 3
    may_have_acted = False

    def __init__(self, system: str, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(phrase("{system}: {message}", system=system, message=message), hint=hint, detail=detail)
        self.system = system


class UnreachableError(SystemReadError):
    """No connection could be made: name, port, certificate or network."""

    code = "unreachable"


class ResponseTimeoutError(SystemReadError):
    """The system accepted the request and did not answer in time."""

    code = "timeout"


class CredentialsRefusedError(SystemReadError):
    """The system does not accept the credentials, after one fresh login where logins exist."""

    code = "credentials_refused"


class BlockedError(SystemReadError):
    """The system, or our own day budget, forbids calls until `until` (aware)."""

    code = "blocked"

    def __init__(self, system: str, message: str, until: datetime, *, hint: str = "", detail: str = "") -> None:
        super().__init__(system, message, hint=hint, detail=detail)
        self.until = until


class ResponseNotUnderstoodError(SystemReadError):
    """The answer is not what the description says: HTML, truncated, too large, another shape."""

    code = "response_not_understood"


class VendorFaultError(SystemReadError):
    """The system answered with an error of its own; `vendor_code` is its code or HTTP status."""

    code = "vendor_fault"

    def __init__(self, system: str, message: str, vendor_code: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(system, message, hint=hint, detail=detail)
        self.vendor_code = vendor_code


class PageDriftError(SystemReadError):
    """Records moved between pages while they were read and no stable scan was obtained."""

    code = "page_drift"


class ReadingStoppedError(SystemReadError):
    """The process that read the system for a run ended, or went silent, before everything was read."""

    code = "reading_stopped"


class TaxAnswerError(SystemReadError):
    """Taxes were answered that contradict themselves or the question. None of them may be shown.

    Attributes:
        reason: stable identifier of what is wrong, such as `sum_differs`.
        details: what a sentence about it names: line, kind, amounts. Short and safe to show.
    """

    code = "tax_answer"

    def __init__(self, system: str, reason: str, **details: str) -> None:
        named = "".join(f", {name} {value}" for name, value in details.items())
        told = phrase("the taxes that were answered cannot be used: {reason}{named}.", reason=reason, named=named)
        super().__init__(system, told)
        self.reason = reason
        self.details = details


class WriteError(ReconcilerError):
    """A record was not written. `system` is `crm` or `erp`.

    Attributes:
        entity: canonical entity, such as `customers`.
        identity: the record's own id there; None for one that was to be created.
    """

    code = "write"

    def __init__(
        self, system: str, entity: str, identity: str | None, message: str, *, hint: str = "", detail: str = ""
    ) -> None:
        record = entity if identity is None else f"{entity} {identity}"
        told = phrase("{system}: {record}: {message}", system=system, record=record, message=message)
        super().__init__(told, hint=hint, detail=detail)
        self.system = system
        self.entity = entity
        self.identity = identity


class NotWritableError(WriteError):
    """Nothing was sent: the description says no such write, or the value cannot be written there."""

    code = "not_writable"


class SupersededError(WriteError):
    """Nothing was written, because the record is not what it was when the change was decided.

    Attributes:
        fields: those that changed; empty when the system itself refused because of a change, or the record is gone.
    """

    code = "superseded"

    def __init__(
        self, system: str, entity: str, identity: str | None, message: str, fields: tuple[str, ...] = ()
    ) -> None:
        super().__init__(system, entity, identity, message, hint=phrase("Decide again with the values it has now."))
        self.fields = fields


class WriteRefusedError(WriteError):
    """The system refused the write; `vendor_code` is its code or HTTP status, and the message holds its words."""

    code = "write_refused"

    def __init__(
        self, system: str, entity: str, identity: str | None, message: str, vendor_code: str, *, hint: str = ""
    ) -> None:
        super().__init__(system, entity, identity, message, hint=hint)
        self.vendor_code = vendor_code


class OutcomeUnknownError(WriteError):
    """The write was sent, and it is not known whether the system did it. It must not simply be sent again.

    Attributes:
        check: what to look at in the system to find out, one sentence.
    """

    code = "outcome_unknown"
    exit_code = 4

    def __init__(self, system: str, entity: str, identity: str | None, message: str, check: str) -> None:
        super().__init__(system, entity, identity, message, hint=check)
        self.check = check


class EngineFailedError(ReconcilerError):
    """The engine that compares did not start, stopped, or took longer than allowed. Nothing that was stored is lost."""

    code = "engine_failed"


class StateError(ReconcilerError):
    """The local state cannot be used: damaged, written by a newer version, or locked by another process."""

    code = "state"
