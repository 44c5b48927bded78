"""What a vendor description can say about writing one entity, as strict types. Pure data.

A write is a request like any other (`ports/http/settings.py`), with further names to refer to:

* `id`: the record's own id, as text; `id.number` the same as a number, `id.0` the first member of a composite one;
* `current.<name>`: values of the record as it was read just before;
* `changes`: a vendor record that holds only what is to change; arrays named in `merge` are complete in it;
* `record`: a whole vendor record. In `create` the new one; in `update` the present one with the changes made in it;
* `guard`: what makes the system refuse when somebody changed the record since it was read;
* `idempotency`: a text that is the same however often this one create is sent;
* `new.<path>` and `found.<name>`: of a record that is to be added, as `LookUp` says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from reconciler.connectors.certainty import Certainty
from reconciler.ports.http.settings import Request, Strict


class WriteField(Strict):
    """How a field is written where that differs from how it is read.

    Attributes:
        path: where the value goes in what is sent; lists on the way are made anew. Of several paths the value goes to
            the first, and to each other one that no other field writes. None keeps the path it is read from.
        codes: vendor code to canonical value, instead of those it is read with; an empty table writes by the codec.
        send: `text` writes a number as text with a point; `json` writes a code as the JSON value it spells (`true`, 3).
        empty: what is sent for no value; None sends null.
        max_characters: a longer text is refused before anything is sent.
        cpf_path: where a document of 11 digits goes, for systems that keep companies and persons apart.
        cpf_values: paths and values that are sent with such a document.
        looked_up: the value is only in `new`, for look-ups; what they find is sent in its place.
    """

    path: str | Annotated[list[str], Field(min_length=1)] | None = None
    codes: dict[str, str | bool] | None = None
    send: Literal["text", "json"] | None = None
    empty: str | None = None
    max_characters: Annotated[int, Field(gt=0)] | None = None
    cpf_path: str | None = None
    cpf_values: dict[str, JsonValue] = Field(default={})
    looked_up: bool = False


class Companions(Strict):
    """Values that are sent whenever one of `fields` is: paths, and values that may be references as a whole.

    Names: `id`, `current.<name>`, `context.<name>`. A reference to nothing makes the write impossible.
    """

    fields: Annotated[list[str], Field(min_length=1)]
    values: Annotated[dict[str, JsonValue], Field(min_length=1)]


class Sign(Strict):
    """What a successful answer shows, beside an HTTP status and outcome rules that let it pass.

    Attributes:
        at: path in the answer.
        equals: texts of which the value there must be one; with none, something must be there.
        missing: nothing must be there (null and empty lists are nothing): errors that travel inside a success.
        message: path of the system's words when the sign is not there.
        otherwise: what the write is then: `refused`, or `unknown` where the system may have done a part of it.
    """

    at: str
    equals: list[str] = Field(default=[])
    missing: bool = False
    message: str | None = None
    otherwise: Literal["refused", "unknown"] = "refused"


class Guard(Strict):
    """What is read with a record and sent back with a write, so that the system refuses when the record changed since.

    Attributes:
        kind: `etag` for `If-Match`, `stamp` for any other value, such as Tryton's `_timestamp`.
        at: path of the value in the record. None takes the `ETag` header of the answer to `read`.
        table: instead of `at`: `guard` is an object then. Its names may hold `{id}` and `{current.<name>}`, its values
            are paths of the record; an entry that lacks either is left out.
        conflict: the vendor codes, or HTTP statuses, of a refusal because of a change.
    """

    kind: Literal["etag", "stamp"]
    at: str | None = None
    table: dict[str, str] = Field(default={})
    conflict: Annotated[list[str], Field(min_length=1)] = Field(default=["412"])


class RecordReading(Strict):
    """A request with `{id}` that gives the record in the shape that writes need.

    Attributes:
        request: its own outcome rules say, with `then = "empty"`, which answers mean that there is no such record.
        record: path of the record in the answer, or of a list with it; "" when the answer is the record.
    """

    request: Request
    record: str = ""


class Gathered(Strict):
    """A value in each element of a list, as a list.

    Attributes:
        list: path of the list in the answer.
        each: path in an element.
    """

    list: str
    each: str


class LookUp(Strict):
    """A request that finds what the system wants to be told of a new record, or of a line of it, and no field holds.

    It may refer to `new.<path>`, what the fields alone come to, and to `found.<name>` of look-ups before it; those of
    a line also to those of its record. A reference to nothing makes the create impossible.

    Attributes:
        about: fields, for messages.
        records: path of a list in the answer of which there must be exactly one; `take` begins in it. None: `take`
            begins in the answer.
        take: names and paths.
        optional: names of which nothing may be found. Nothing found of another makes the create impossible.
    """

    about: Annotated[list[str], Field(min_length=1)]
    request: Request
    records: str | None = None
    take: Annotated[dict[str, str | Gathered], Field(min_length=1)]
    optional: list[str] = Field(default=[])


class LineWriting(Strict):
    """How lines are written.

    Attributes:
        path: where the list goes in a new record; None keeps the path it is read from.
        fields, read_only: as in `WriteSource`, for fields of a line.
        look_ups: made for each new line.
        values: paths and values of every new line; `$position` is its number from 1, `$found.<name>` what was found.
        record_values: paths and values of a new record that has lines.
    """

    path: str | None = None
    fields: dict[str, WriteField] = Field(default={})
    read_only: list[str] = Field(default=[])
    look_ups: list[LookUp] = Field(default=[])
    values: dict[str, JsonValue] = Field(default={})
    record_values: dict[str, JsonValue] = Field(default={})


class WriteCall(Strict):
    """One kind of write.

    Attributes:
        done: signs of success, all of which must be there.
        fields, read_only: more of those of `WriteSource`, for this call only.
        companions: values sent along with some fields.
    """

    request: Request
    done: list[Sign] = Field(default=[])
    fields: dict[str, WriteField] = Field(default={})
    read_only: list[str] = Field(default=[])
    companions: list[Companions] = Field(default=[])


class NextCall(Strict):
    """A further call about the same record, made once the one before it was done. `done` as in `WriteCall`."""

    request: Request
    done: list[Sign] = Field(default=[])


class FinishingCall(NextCall):
    """A call that a new record needs.

    Attributes:
        shown_by: values of a record that was begun, which show that this call was made: path to text, or texts.
    """

    shown_by: dict[str, str | Annotated[list[str], Field(min_length=1)]] = Field(default={})


class Finishing(Strict):
    """What makes a record, once it was added, part of its entity: a document that is confirmed, or submitted.

    Attributes:
        calls: in this order, with `id`.
        begun: finds a record that was added and not finished yet, by `idempotency`, which its create put into it: after
            a lost answer that record is finished, and none added.
        give_up: takes the record out of use when one of `calls` is refused.
    """

    calls: Annotated[list[FinishingCall], Field(min_length=1)]
    begun: RecordReading
    give_up: Request


class CreateCall(WriteCall):
    """Adding a record.

    Attributes:
        id: path of the new id in the answer; None, or nothing there: the record is looked up by its key.
        look_ups: made in this order, before anything is sent.
        defaults: paths and values of a new record that no field gives; references as in `Companions`, but for `id` and
            `current`, and `found.<name>`, `idempotency`.
        finishing: None where a record is what it is to be as soon as it was added.
    """

    id: str | None = None
    look_ups: list[LookUp] = Field(default=[])
    defaults: dict[str, JsonValue] = Field(default={})
    finishing: Finishing | None = None


class DeactivateCall(Strict):
    """Taking a record out of use without deleting it. Without this, `active` is written as any other field.

    Attributes:
        done: as in `WriteCall`.
        calls: what else it takes, in this order, with `id`.
        possible: values of the record without one of which the system cannot do it: path to the wanted text, or texts.
        after: canonical fields and the values they have afterwards.
        leaves: instead of `after`: a record out of use is not part of the entity any more (`EntitySource.only`).
    """

    request: Request
    done: list[Sign] = Field(default=[])
    calls: list[NextCall] = Field(default=[])
    possible: dict[str, str | Annotated[list[str], Field(min_length=1)]] = Field(default={})
    after: Annotated[dict[str, str | bool], Field(min_length=1)] = Field(default={"active": False})
    leaves: bool = False


class WriteSource(Strict):
    """How one entity is written.

    Attributes:
        verified, note: how far the writes were verified, and against what.
        read: how a record is read before and after a write; None uses the listing `one`.
        guard: None where the system has none: then the values are compared right before the write, and nothing else
            protects the moment in between.
        current: names and paths of values of the record that requests refer to.
        merge: paths of arrays and objects that the system replaces as a whole: what is sent there is all that is there,
            with the changes made in it.
        leave_out: paths that are never sent back from what was read; a list on the way stands for each of its elements.
        read_only: fields that the system does not take.
        fields: fields that are written otherwise than they are read.
        lines: for documents with lines.
    """

    verified: Certainty
    note: str = ""
    read: RecordReading | None = None
    guard: Guard | None = None
    current: dict[str, str] = Field(default={})
    merge: list[str] = Field(default=[])
    leave_out: list[str] = Field(default=[])
    read_only: list[str] = Field(default=[])
    fields: dict[str, WriteField] = Field(default={})
    lines: LineWriting | None = None
    create: CreateCall | None = None
    update: WriteCall | None = None
    deactivate: DeactivateCall | None = None
