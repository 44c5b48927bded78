"""What files are called meanwhile."""

from __future__ import annotations

import pytest

from reconciler.ports.files.names import claimed_name, is_safe_name, matches, unfinished_name

_NAMES = pytest.mark.parametrize(
    "name", [unfinished_name("clientes.csv", "ab12"), claimed_name("clientes.csv", "ab12cd34")], ids=["up", "claimed"]
)


@_NAMES
def test_a_passing_name_is_listed_by_every_server(name: str) -> None:
    """vsftpd leaves names that begin with a dot out of its lists."""
    assert not name.startswith(".")
    assert is_safe_name(name)


@_NAMES
def test_a_passing_name_is_nobodys_export(name: str) -> None:
    assert not matches(name, "*.csv")


def test_an_unfinished_file_does_not_look_like_the_beginning_of_a_finished_one() -> None:
    assert not matches(unfinished_name("clientes.csv", "ab12"), "clientes*")
