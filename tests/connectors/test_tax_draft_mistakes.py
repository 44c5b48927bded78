"""Mistakes in tax calls that save a draft, hold a conversation, or stand beside the first one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.wire import load_descriptions
from reconciler.errors import ConfigurationError, TomlError
from reconciler.model.entities import Side
from reconciler.project import load_project
from tests.connectors.draft_erp import DESCRIPTION, described

_DRAFT = "taxes.draft"
MISTAKES = {
    # what is replaced, by what, the key that is told, the problem
    "no draft": ('saves = "draft"', 'saves = "nothing"', _DRAFT, "is for calls that save one"),
    "removes what": (
        '"DELETE"\npath = "/drafts/{draft.id}"',
        '"DELETE"\npath = "/drafts"',
        f"{_DRAFT}.remove",
        "which",
    ),
    "reads what": (
        'path = "/drafts/{draft.id}"\n[taxes.draft.remove]',
        'path = "/d"\n[taxes.draft.remove]',
        "read",
        "which",
    ),
    "finds what": (
        'query = { mark = "$draft.mark" }',
        'query = { mark = "x" }',
        f"{_DRAFT}.find",
        "draft.mark must be",
    ),
    "a mark that is not sent": ('mark = "$draft.mark", customer', "customer", f"{_DRAFT}.find", "draft.mark must be"),
    "an id before it is known": (
        '"$customer.tax_id"',
        '"$draft.id"',
        "taxes.request.body.customer",
        "refers to draft.id, which is not known here",
    ),
    "one for each item": ('mode = "document"', 'mode = "item"', _DRAFT, "one draft is saved by one request"),
    "an unknown hook": (
        'rounding = "half_even"',
        'rounding = "half_even"\nconversation = "triton"',
        "taxes.conversation",
        "there is no hook",
    ),
    "a step nobody sends": (
        "[taxes.answer]",
        '[taxes.steps.first]\npath = "/x"\n[taxes.answer]',
        "taxes.steps",
        "are sent by a conversation",
    ),
    "a conversation without its steps": (
        'rounding = "half_even"',
        'rounding = "half_even"\nconversation = "tryton"',
        "taxes.steps",
        "the conversation sends defaults",
    ),
}


@pytest.mark.parametrize(("old", "new", "key", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told(tmp_path: Path, old: str, new: str, key: str, problem: str) -> None:
    assert DESCRIPTION.count(old) == 1, "the mistake must be made in one place"
    with pytest.raises(TomlError) as told:
        described(tmp_path, DESCRIPTION.replace(old, new))
    said = f"{told.value.message}\n{told.value.detail}"
    assert key in said
    assert problem in said


def test_the_example_of_the_documentation_is_accepted(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "descriptions.md").read_text(encoding="utf-8")
    example = guide.split("**A draft.**")[1].split("```toml\n")[1].split("```")[0]
    before, after = DESCRIPTION.split("[taxes.draft]")[0], DESCRIPTION.split("[taxes.answer]")[1]
    call = described(tmp_path, f"{before}{example}[taxes.answer]{after}").taxes
    assert call is not None
    assert call.draft is not None
    assert call.draft.find is not None


_SECOND = DESCRIPTION.split("[taxes]")[1].replace("[taxes", "[other_taxes.second").replace('"half_even"', '"half_up"')
_PROJECT = """
[project]
name = "acme"
stage = "sandbox"
[crm]
vendor = "ploomes"
credentials = {{ user_key = "made-up" }}
[erp]
vendor = "./draft_erp.toml"
base_url = "http://127.0.0.1:9"
[taxes]
call = "{call}"
"""


def test_a_project_chooses_another_call_by_its_name(tmp_path: Path) -> None:
    described(tmp_path, f"{DESCRIPTION}[other_taxes.second]{_SECOND}")
    file = tmp_path / "reconciler.toml"
    file.write_text(_PROJECT.format(call="second"))
    call = load_descriptions(load_project(file))[Side.ERP].taxes
    assert call is not None
    assert call.rounding == "half_up"
    file.write_text(_PROJECT.format(call="third"))
    with pytest.raises(ConfigurationError, match=r"third.*it has second"):
        load_descriptions(load_project(file))


def test_a_mistake_in_another_call_is_told_where_it_is(tmp_path: Path) -> None:
    second = _SECOND.replace("$line.quantity", "$line.weight")
    with pytest.raises(TomlError, match=r"other_taxes\.second\.line"):
        described(tmp_path, f"{DESCRIPTION}[other_taxes.second]{second}")
