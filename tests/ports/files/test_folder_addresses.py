"""Addresses of folders: what they mean to each kind of server."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ConfigurationError
from reconciler.ports.files.address import FolderAddress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in/files", ("file", "", 0, "/project/in/files")),
        ("file:///srv/my%20files", ("file", "", 0, "/srv/my files")),
        ("ftp://files.example.com", ("ftp", "files.example.com", 21, "")),
        ("ftp://files.example.com/", ("ftp", "files.example.com", 21, "")),
        ("ftp://files.example.com/out/erp/", ("ftp", "files.example.com", 21, "out/erp")),
        ("ftp://files.example.com//srv/out", ("ftp", "files.example.com", 21, "/srv/out")),
        ("ftp://files.example.com//", ("ftp", "files.example.com", 21, "/")),
        ("ftps://[::1]:2121/out", ("ftps", "::1", 2121, "out")),
        ("sftp://files.example.com/srv/out/", ("sftp", "files.example.com", 22, "/srv/out")),
        ("sftp://files.example.com/", ("sftp", "files.example.com", 22, "/")),
        ("sftp://files.example.com/~/out", ("sftp", "files.example.com", 22, "out")),
        ("sftp://files.example.com:2222", ("sftp", "files.example.com", 2222, "")),
    ],
)
def test_an_address_is_read(text: str, expected: tuple[str, str, int, str]) -> None:
    found = FolderAddress.parse(text, Path("/project"))
    assert (found.scheme, found.host, found.port, found.path) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "in\nfiles", "http://files.example.com", "ftp://", "ftp://files.example.com:many", "sftp://a/b?c=d"],
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        FolderAddress.parse(text, Path("/project"))
    assert refused.value.hint
