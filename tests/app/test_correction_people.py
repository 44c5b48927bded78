"""Who acts, what they may do, and what the stage lets be written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from reconciler.app.correct import (
    Acting,
    Choice,
    Edit,
    ProposeOptions,
    apply_plan,
    approve_corrections,
    edit_correction,
    person_of_token,
    person_of_user,
    plan_corrections,
    propose_corrections,
    reject_corrections,
    retry_corrections,
    settle_correction,
    undo_corrections,
    withdraw_approvals,
)
from reconciler.app.corrections.people import known_people
from reconciler.app.corrections.stage_guard import write_refusal
from reconciler.app.findings import accept_findings
from reconciler.app.wire import load_descriptions, open_workspace
from reconciler.errors import RefusedError
from reconciler.model.entities import Side
from reconciler.project import Project, load_project
from reconciler.project_people import OURSELVES
from reconciler.store.state.records import FindingFilter

PROJECT = """\
[project]
name = "acme"
stage = "{stage}"

[crm]
vendor = "ploomes"
base_url = "{crm}"
credentials = {{ user_key = {{ env = "KEY" }} }}

[erp]
vendor = "{vendor}"
base_url = "{erp}"
credentials = {{ user = {{ env = "USER_" }}, password = {{ env = "KEY" }} }}
{more}
"""
PEOPLE = """
[people]
ana = { roles = ["reviewer"], os_users = ["ana.souza", "ana"] }
bia = { roles = ["operator"], tokens = ["bia-laptop"] }
caio = { roles = ["admin"] }
"""
HERE = "http://127.0.0.1:1"


def _project(
    folder: Path,
    stage: str = "sandbox",
    crm: str = HERE,
    erp: str = HERE,
    vendor: str = "sandbox_erp",
    more: str = PEOPLE,
) -> Project:
    path = folder / "reconciler.toml"
    path.write_text(PROJECT.format(stage=stage, crm=crm, erp=erp, vendor=vendor, more=more))
    return load_project(path, {"KEY": "made-up", "USER_": "made-up"})


@pytest.mark.parametrize(
    ("user", "name", "role"),
    [("ana.souza", "ana", "reviewer"), ("bia", "bia", "operator"), ("caio", "caio", "admin")],
)
def test_an_operating_system_user_is_the_person_the_project_says(
    tmp_path: Path, user: str, name: str, role: str
) -> None:
    person = person_of_user(_project(tmp_path), user)
    assert (person.name, person.roles, person.through) == (name, frozenset({role}), f"user {user}")


def test_a_user_whom_the_project_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="davi is nobody in"):
        person_of_user(_project(tmp_path), "davi")


def test_a_user_does_not_become_a_person_by_having_the_name_of_one_with_other_users(tmp_path: Path) -> None:
    more = PEOPLE.replace('"ana.souza", "ana"', '"ana.souza"')
    with pytest.raises(RefusedError):
        person_of_user(_project(tmp_path, more=more), "ana")


def test_without_people_every_user_has_all_roles(tmp_path: Path) -> None:
    person = person_of_user(_project(tmp_path, more=""), "davi")
    assert (person.name, person.roles) == ("davi", frozenset({"reviewer", "operator", "admin"}))


@pytest.mark.parametrize("more", [PEOPLE, ""], ids=["people", "nobody named"])
@pytest.mark.parametrize("stage", ["homologation", "pilot", "live"])
def test_nobody_says_who_they_are_outside_the_sandbox(tmp_path: Path, stage: str, more: str) -> None:
    with pytest.raises(RefusedError, match="only for stage “sandbox”"):
        person_of_user(_project(tmp_path, stage, more=more), "ana", as_person="caio")


def test_in_the_sandbox_one_says_who_one_is(tmp_path: Path) -> None:
    person = person_of_user(_project(tmp_path), "ana", as_person="bia")
    assert (person.roles, person.through) == (frozenset({"operator"}), "user ana, by --as")
    assert person_of_user(_project(tmp_path, more=""), "ana", as_person="anybody").name == "anybody"


def test_in_the_sandbox_too_one_is_somebody_the_project_names(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="caiu") as caught:
        person_of_user(_project(tmp_path), "ana", as_person="caiu")
    assert "caio" in caught.value.hint


@pytest.mark.parametrize("name", [OURSELVES, " ", "a\x1b[2J", "x" * 65])
def test_no_person_has_a_name_that_misleads_the_trail(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError):
        person_of_user(_project(tmp_path, more=""), "ana", as_person=name)


def test_a_token_is_the_person_it_is_mapped_to(tmp_path: Path) -> None:
    project = _project(tmp_path)
    person = person_of_token(project, "bia-laptop")
    assert (person.name, person.through) == ("bia", "token bia-laptop")
    with pytest.raises(RefusedError, match="nobody"):
        person_of_token(project, "bia")


def test_what_the_product_approved_counts_only_where_the_project_lets_it(tmp_path: Path) -> None:
    rule = '\n[corrections]\npropose = "nightly"\nauto_approve = [{ causes = ["case"], cap = 5, stages = ["live"] }]\n'
    assert OURSELVES not in known_people(_project(tmp_path), [OURSELVES])
    assert OURSELVES not in known_people(_project(tmp_path, "pilot", more=rule), [OURSELVES])
    assert OURSELVES in known_people(_project(tmp_path, "live", more=rule), [OURSELVES])


@pytest.mark.parametrize(
    ("stage", "changed", "side", "allowed"),
    [
        ("sandbox", {"crm": HERE}, Side.CRM, True),
        ("sandbox", {"crm": "http://[::1]:1"}, Side.CRM, True),
        ("sandbox", {"crm": "http://localhost:1"}, Side.CRM, True),
        ("sandbox", {"crm": "https://api2.ploomes.com"}, Side.CRM, False),
        ("sandbox", {"crm": "https://127.0.0.1.example.com"}, Side.CRM, False),
        ("sandbox", {"crm": "https://127.0.0.1@example.com"}, Side.CRM, False),
        ("sandbox", {"erp": "http://sandbox.example.com"}, Side.ERP, True),
        ("homologation", {}, Side.CRM, False),
        ("pilot", {"crm": "https://api2.ploomes.com"}, Side.CRM, True),
        ("live", {"crm": "https://api2.ploomes.com"}, Side.CRM, True),
    ],
    ids=[
        "loopback",
        "loopback of IPv6",
        "localhost",
        "the vendor itself",
        "a name like an address",
        "a user like an address",
        "a stand-in elsewhere",
        "homologation",
        "pilot",
        "live",
    ],
)
def test_the_stage_says_where_anything_is_written(
    tmp_path: Path, stage: str, changed: dict[str, str], side: Side, allowed: bool
) -> None:
    project = _project(tmp_path, stage, **changed)
    assert (write_refusal(project, side, load_descriptions(project)[side]) is None) is allowed


def test_homologation_writes_to_systems_marked_as_test_systems(tmp_path: Path) -> None:
    project = _project(tmp_path, "homologation", more="[approvals]\nrequired = 1\n")
    text = (tmp_path / "reconciler.toml").read_text()
    (tmp_path / "reconciler.toml").write_text(text.replace("[crm]", "[crm]\ntest = true"))
    project = load_project(tmp_path / "reconciler.toml")
    descriptions = load_descriptions(project)
    assert write_refusal(project, Side.CRM, descriptions[Side.CRM]) is None
    assert "not marked" in (write_refusal(project, Side.ERP, descriptions[Side.ERP]) or "")


UseCase = Callable[[Acting], Awaitable[object]]
_SOME = Choice(["a1"])
_USE_CASES: dict[str, tuple[str, UseCase]] = {
    "propose": ("bia", lambda acting: propose_corrections(acting, FindingFilter(), ProposeOptions(everything=True))),
    "edit": ("bia", lambda acting: edit_correction(acting, "a1", [Edit("email", "x")])),
    "approve": ("bia", lambda acting: approve_corrections(acting, _SOME)),
    "reject": ("bia", lambda acting: reject_corrections(acting, _SOME)),
    "undo": ("bia", lambda acting: undo_corrections(acting, _SOME)),
    "accept": ("bia", lambda acting: accept_findings(acting, FindingFilter(), reason="known", until=None)),
    "plan": ("ana", lambda acting: plan_corrections(acting, _SOME, out=None)),
    "apply": ("ana", lambda acting: apply_plan(acting, "{}")),
    "retry": ("ana", lambda acting: retry_corrections(acting, _SOME)),
    "settle": ("ana", lambda acting: settle_correction(acting, "a1", written=True, reason="seen")),
    "withdraw": ("bia", lambda acting: withdraw_approvals(acting, _SOME)),
}


@pytest.mark.parametrize(("name", "use_case"), _USE_CASES.values(), ids=_USE_CASES)
async def test_what_the_roles_do_not_allow_is_refused(tmp_path: Path, name: str, use_case: UseCase) -> None:
    project = _project(tmp_path)
    async with open_workspace(project) as workspace:
        acting = Acting.begin(workspace, person_of_user(project, "", as_person=name))
        with pytest.raises(RefusedError, match=f"{name} may not"):
            await use_case(acting)
        async with aclosing(workspace.state.audit.iterate()) as trail:
            assert [entry async for entry in trail] == []


@pytest.mark.parametrize(
    "use_case",
    [
        lambda acting: propose_corrections(acting, FindingFilter(status="open"), ProposeOptions()),
        lambda acting: approve_corrections(acting, Choice()),
        lambda acting: reject_corrections(acting, Choice()),
        lambda acting: undo_corrections(acting, Choice()),
        lambda acting: retry_corrections(acting, Choice()),
    ],
    ids=["propose", "approve", "reject", "undo", "retry"],
)
async def test_everything_is_touched_only_by_those_who_say_so(tmp_path: Path, use_case: UseCase) -> None:
    project = _project(tmp_path)
    async with open_workspace(project) as workspace:
        acting = Acting.begin(workspace, person_of_user(project, "caio"))
        with pytest.raises(RefusedError, match="nothing says which"):
            await use_case(acting)
