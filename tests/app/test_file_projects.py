"""Projects with a system that exchanges files: what is wrong with its address or limits is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.app.new_project import NewProject, project_text
from reconciler.app.wire import load_descriptions
from reconciler.connectors.load import load_description
from reconciler.errors import TomlError
from reconciler.model.entities import Side
from reconciler.project import load_project

_PROJECT = """\
[project]
name = "acme"
[crm]
vendor = "ploomes"
credentials = { user_key = "made-up" }
[erp]
vendor = "sandbox_erp_files"
base_url = "exported"
credentials = { user = "made-up", password = "made-up" }
"""


def _loaded(tmp_path: Path, old: str = "", new: str = "") -> Path:
    assert old in _PROJECT
    (tmp_path / "reconciler.toml").write_text(_PROJECT.replace(old, new))
    return tmp_path / "reconciler.toml"


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ('vendor = "ploomes"', 'vendor = "ploomes"\nbase_url = "exported"', "crm.base_url", "begins with https://"),
        ('"exported"', '"https://erp.example.com"', "erp.base_url", "begins with https://"),
        ('"exported"', '"ftp://somebody:secret-word@erp.example.com"', "erp.base_url", "holds a user or password"),
        ('"exported"', '"sftp:///folder"', "erp.base_url", "needs a host"),
        ('"exported"', '"ftp://erp.example.com/a/../../b"', "erp.base_url", "`..`"),
        ('"exported"', '"file://server/folder"', "erp.base_url", "names a host"),
        ('base_url = "exported"', 'base_url = "exported"\nrates = []', "erp.rates", "files are not called"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, key: str, problem: str) -> None:
    project = load_project(_loaded(tmp_path, old, new), {})
    with pytest.raises(TomlError) as refused:
        load_descriptions(project)
    assert (refused.value.key, refused.value.line > 0) == (key, True)
    assert problem in str(refused.value)
    assert "secret-word" not in str(refused.value)


def test_a_project_may_allow_more_or_fewer_connections(tmp_path: Path) -> None:
    project = load_project(_loaded(tmp_path, "[erp]", "[erp]\nconcurrency = 1"), {})
    files = load_descriptions(project)[Side.ERP].files
    assert files is not None
    assert files.concurrency == 1


def test_a_new_project_asks_for_the_address_of_a_folder(tmp_path: Path) -> None:
    vendors = {Side.CRM: "ploomes", Side.ERP: "sandbox_erp_files"}
    wanted = NewProject("acme", vendors, dict.fromkeys(Side, ""), "en")
    text = project_text(wanted, {side: load_description(name, tmp_path) for side, name in vendors.items()})
    assert '# base_url = "sftp://host/folder"' in text
