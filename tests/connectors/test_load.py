"""Finding and reading descriptions, and what a person is told about a mistake in one."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from reconciler.connectors.load import load_description, shipped_vendors
from reconciler.errors import ConfigurationError
from tests.connectors.unknown_system import DESCRIPTION


def test_the_shipped_descriptions_are_known_by_name() -> None:
    assert {"ploomes", "sandbox_erp", "tryton"} <= set(shipped_vendors())
    assert shipped_vendors() == sorted(set(shipped_vendors()))


@pytest.mark.parametrize("name", shipped_vendors())
def test_every_shipped_description_is_complete_and_named_like_its_file(name: str, tmp_path: Path) -> None:
    description = load_description(name, tmp_path)
    assert description.vendor.name == name
    assert all(source.note or source.verified == "sandbox" for source in description.entities.values())


@pytest.mark.parametrize("name", shipped_vendors())
def test_a_shipped_description_copied_to_a_path_reads_the_same(name: str, tmp_path: Path) -> None:
    with as_file(files("reconciler.connectors") / "vendors" / f"{name}.toml") as shipped:
        shutil.copy(shipped, tmp_path / "mine.toml")
    assert load_description("./mine.toml", tmp_path) == load_description(name, tmp_path)


def test_what_is_verified_says_against_what() -> None:
    """Our stand-in CRM is not the vendor: what only it has seen must not be called live."""
    wanted = {"ploomes": "third-party notes", "sandbox_erp": "sandbox", "tryton": "live"}
    assert {name: load_description(name, Path()).entities["customers"].verified for name in wanted} == wanted


@pytest.mark.parametrize("place", ["acme.toml", "./acme.toml", "deeper/acme.toml"])
def test_a_path_starts_at_the_given_folder(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(DESCRIPTION, encoding="utf-8")
    assert load_description(place, tmp_path).vendor.title == "Acme CRM"
    assert load_description(str(path), Path("/nowhere")).vendor.title == "Acme CRM"


def test_an_unknown_name_tells_the_nearest_and_all_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_description("plomes", tmp_path)
    assert "`ploomes`" in caught.value.hint
    assert ", ".join(shipped_vendors()) in caught.value.message


def test_a_name_unlike_any_other_tells_how_a_path_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_description("zzz", tmp_path)
    assert "./zzz.toml" in caught.value.hint
    assert "Did you mean" not in caught.value.hint


def test_a_path_that_leads_nowhere_is_named_as_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^\./gone\.toml: cannot be read"):
        load_description("./gone.toml", tmp_path)
