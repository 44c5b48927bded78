"""`corrections`: from findings to proposals, and what people decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.commands import correction_plans
from reconciler.cli.correction_choice import (
    CorrectionIds,
    Everything,
    SideFilter,
    StateFilter,
    check_words,
    correction_filter,
    with_choice,
)
from reconciler.cli.correction_tables import print_correction, print_corrections, print_desk, print_left_out
from reconciler.cli.identity import AsPerson, acting, looking
from reconciler.cli.options import (
    CauseFilter,
    EntityFilter,
    FieldFilter,
    Json,
    KeyFilter,
    KindFilter,
    TextFilter,
    WithoutFilter,
)
from reconciler.cli.output import print_json, say
from reconciler.cli.workspace import with_workspace

if TYPE_CHECKING:
    from reconciler.app.correct import Choice, Edit
    from reconciler.app.wire import Workspace
    from reconciler.model.entities import Side

_TABLE_ROWS = 200

Document = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    corrections = typer.Typer(help="See, approve, write, prove and undo what is to change.", no_args_is_help=True)
    corrections.command(name="propose")(propose)
    corrections.command(name="list")(list_corrections)
    corrections.command(name="show")(show)
    corrections.command(name="edit")(edit)
    corrections.command(name="approve")(approve)
    corrections.command(name="reject")(reject)
    corrections.command(name="withdraw")(withdraw)
    corrections.command(name="desk")(desk)
    correction_plans.register(corrections)
    app.add_typer(corrections, name="corrections")


def propose(
    context: typer.Context,
    findings: Annotated[
        list[str] | None, typer.Argument(help="Ids of findings, or their beginnings; or choose by the options.")
    ] = None,
    entity: EntityFilter = None,
    field: FieldFilter = None,
    kind: KindFilter = None,
    cause: CauseFilter = None,
    key: KeyFilter = None,
    text: TextFilter = None,
    without: WithoutFilter = None,
    side: SideFilter = None,
    everything: Everything = False,
    choose: Annotated[
        str | None, typer.Option(metavar="crm|erp", help="Whose value counts where a field has no owner.")
    ] = None,
    even_if_similar: Annotated[
        bool, typer.Option("--even-if-similar", help="Add records although the other side has one that resembles them.")
    ] = False,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Propose corrections for open findings. Nothing is written to either system."""
    from reconciler.model.findings import Cause, FindingKind

    check_words("--kind", kind, FindingKind)
    check_words("--cause", cause, Cause)
    right, corrected = _side("--choose", choose), _side("--side", side)

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import ProposeOptions, propose_corrections
        from reconciler.app.correction_documents import proposed_document
        from reconciler.store.state.records import FindingFilter

        ids = [(await workspace.state.findings.get(each)).id for each in findings or ()]
        # A finding that was named and is not open is told; a filter means open ones.
        status = None if ids else "open"
        chosen = FindingFilter(entity, field, kind, cause, status, key, ids or None, text, without)
        options = ProposeOptions(right, corrected, even_if_similar, everything)
        proposed = await propose_corrections(acting(workspace, as_person), chosen, options)
        return proposed_document(proposed, workspace.project.file.project.locale)

    document = with_workspace(context, work)
    if json:
        print_json(document)
        return
    _print_proposed(document)


def _print_proposed(document: Document) -> None:
    print_corrections(document["corrections"][:_TABLE_ROWS])
    print_left_out(document["left_out"], "findings")
    counts = [f"{len(document['added'])} proposed", f"{len(document['unchanged'])} as before"]
    counts += [f"{len(document['in_the_way'])} held up by a correction on its way"] if document["in_the_way"] else []
    say(f"{', '.join(counts)}.")


def list_corrections(
    context: typer.Context,
    ids: CorrectionIds = None,
    entity: EntityFilter = None,
    field: FieldFilter = None,
    cause: CauseFilter = None,
    key: KeyFilter = None,
    side: SideFilter = None,
    state: StateFilter = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many; a table shows 200 by default.")] = None,
    json: Json = False,
) -> None:
    """List corrections, in the order in which they were proposed; all of them unless an option says otherwise."""
    from dataclasses import replace

    chosen = replace(correction_filter(entity, field, cause, key, side, state), ids=ids or None)
    rows = limit if json else limit or _TABLE_ROWS

    async def work(workspace: Workspace) -> tuple[list[Document], int]:
        from reconciler.app.correct import listed_corrections
        from reconciler.app.correction_documents import correction_document

        documents: list[Document] = []
        async with aclosing(listed_corrections(looking(workspace), chosen)) as source:
            async for correction, missing in source:
                if rows is not None and len(documents) >= rows:
                    break
                documents.append(correction_document(correction, missing))
        return documents, await workspace.state.corrections.count(chosen)

    documents, total = with_workspace(context, work)
    if json:
        print_json(documents)
        return
    print_corrections(documents)
    say(f"{len(documents)} of {total} corrections" if total else "No corrections.")


def desk(
    context: typer.Context,
    entity: EntityFilter = None,
    field: FieldFilter = None,
    cause: CauseFilter = None,
    key: KeyFilter = None,
    side: SideFilter = None,
    json: Json = False,
) -> None:
    """Everything that did not go through, by the kind of trouble, with what can be done. Exit code 0 all the same."""
    chosen = correction_filter(entity, field, cause, key, side)

    async def work(workspace: Workspace) -> list[Document]:
        from reconciler.app.correct import error_desk
        from reconciler.app.correction_documents import desk_document

        locale = workspace.project.file.project.locale
        return [desk_document(entry, locale) for entry in await error_desk(looking(workspace), chosen)]

    documents = with_workspace(context, work)
    if json:
        print_json(documents)
    else:
        print_desk(documents)


def show(
    context: typer.Context,
    correction: Annotated[str, typer.Argument(help="Id of the correction, or its beginning.")],
    json: Json = False,
) -> None:
    """Show one correction: every value, who approved it, and what happened when it was written."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import shown_correction
        from reconciler.app.correction_documents import shown_document

        return shown_document(await shown_correction(looking(workspace), correction))

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        print_correction(document)


def edit(
    context: typer.Context,
    correction: Annotated[str, typer.Argument(help="Id of the correction, or its beginning.")],
    settings: Annotated[
        list[str], typer.Option("--set", metavar="FIELD=VALUE", help="New value; nothing after = empties the field.")
    ],
    line: Annotated[
        str | None, typer.Option(help="Key of the line the fields are of; without it, of the record itself.")
    ] = None,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Give a proposal another value. Approvals of what it was before are withdrawn."""
    edits = [_edit(setting, line) for setting in settings]

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import edit_correction, shown_correction
        from reconciler.app.correction_documents import shown_document

        actor = acting(workspace, as_person)
        changed = await edit_correction(actor, correction, edits)
        return shown_document(await shown_correction(actor, changed.id))

    document = with_workspace(context, work)
    if json:
        print_json(document)
    else:
        print_correction(document)


@with_choice
def approve(
    context: typer.Context,
    choice: Choice,
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Approve exactly what proposals say now. It lapses when that changes, and after `approvals.expires_h`."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import approve_corrections
        from reconciler.app.correction_documents import correction_document, left_alone_documents

        approved = await approve_corrections(acting(workspace, as_person), choice)
        return {
            "approved": [each.id for each in approved.approved],
            "waiting": [correction_document(each, missing) for each, missing in approved.waiting],
            "left_out": left_alone_documents(approved.left_alone),
        }

    document = with_workspace(context, work)
    if json:
        print_json(document)
        return
    print_corrections(document["waiting"][:_TABLE_ROWS])
    print_left_out(document["left_out"], "corrections")
    say(f"{len(document['approved'])} approved, {len(document['waiting'])} wait for others.")


@with_choice
def reject(
    context: typer.Context,
    choice: Choice,
    reason: Annotated[str, typer.Option(help="Why; it stays with the correction.")] = "",
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Reject what is proposed, approved or planned, and what failed."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import reject_corrections
        from reconciler.app.correction_documents import left_alone_documents

        rejected = await reject_corrections(acting(workspace, as_person), choice, reason=reason)
        return {
            "rejected": [each.id for each in rejected.rejected],
            "left_out": left_alone_documents(rejected.left_alone),
        }

    document = with_workspace(context, work)
    if json:
        print_json(document)
        return
    print_left_out(document["left_out"], "corrections")
    say(f"{len(document['rejected'])} rejected.")


def withdraw(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Ids of corrections, or their beginnings.")],
    as_person: AsPerson = None,
    json: Json = False,
) -> None:
    """Take your own approvals back, as long as nothing is planned."""

    async def work(workspace: Workspace) -> Document:
        from reconciler.app.correct import Choice, withdraw_approvals
        from reconciler.app.correction_documents import left_alone_documents

        done = await withdraw_approvals(acting(workspace, as_person), Choice(ids))
        return {
            "withdrawn": [each.id for each in done.withdrawn],
            "left_out": left_alone_documents(done.left_alone),
        }

    document = with_workspace(context, work)
    if json:
        print_json(document)
        return
    print_left_out(document["left_out"], "corrections")
    say(f"{len(document['withdrawn'])} withdrawn; they are proposals again.")


def _edit(setting: str, line: str | None) -> Edit:
    from reconciler.app.correct import Edit
    from reconciler.model.staging import KEY_SEPARATOR, shown_key

    name, separator, value = setting.partition("=")
    if not name or not separator:
        raise typer.BadParameter(f"“{setting}” is not FIELD=VALUE", param_hint="--set")
    stored_line = None if line is None else line.replace(shown_key(KEY_SEPARATOR), KEY_SEPARATOR)
    return Edit(name, value or None, stored_line)


def _side(option: str, word: str | None) -> Side | None:
    from reconciler.model.entities import Side

    words: Sequence[str] = () if word is None else (word,)
    check_words(option, words, Side)
    return None if word is None else Side(word)
