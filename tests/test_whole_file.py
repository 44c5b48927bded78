"""A file has its name only when it is whole; what is there is replaced only where that was asked for."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import RefusedError, StateError
from reconciler.whole_file import whole_file, write_new_file

_LITTLE_BYTES = 4_096


def test_a_file_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    with whole_file(path, replaces=False) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", ["file", "link to nothing"])
def test_what_is_there_is_refused_before_anything_is_done(tmp_path: Path, there: str) -> None:
    path = tmp_path / "person.json"
    if there == "file":
        path.write_bytes(b"mine")
    else:
        path.symlink_to(tmp_path / "nothing")
    with pytest.raises(RefusedError, match="is there already"), whole_file(path, replaces=False):
        raise AssertionError("nothing is begun")
    assert list(tmp_path.iterdir()) == [path]


def test_what_comes_to_be_there_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    with pytest.raises(RefusedError, match="is there already"), whole_file(path, replaces=False):
        write_new_file(path, b"first")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow beyond 4 KiB, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LITTLE_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("little_room")
def test_a_full_disk_is_told_as_one_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="the disk is full") as told:
        write_new_file(tmp_path / "person.json", b"x" * (_LITTLE_BYTES + 1))
    assert told.value.hint is not None
    assert "Make room" in told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_with_the_name(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"person\.json cannot be written: No such file or directory"):
        write_new_file(tmp_path / "nowhere" / "person.json", b"x")
