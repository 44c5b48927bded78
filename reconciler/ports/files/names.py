"""Names of files: what a server may call them, which are ours, what they are called meanwhile. Pure.

A name is data from outside. One that could reach another folder, hide in a terminal or end a command is never used.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Final

_LONGEST_BYTES: Final = 255
_CLAIMED: Final = re.compile(r".*\.claimed-[0-9a-f]{8,}", re.DOTALL)
_PLAIN_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,8}")


def is_safe_name(name: str) -> bool:
    """Whether a name is one plain name: no separator, no `..`, no control or invisible character, not too long."""
    return (
        name.isprintable()
        and name.strip() not in {"", ".", ".."}
        and not {"/", "\\"} & set(name)
        and len(name.encode("utf-8", "surrogatepass")) <= _LONGEST_BYTES
    )


def is_safe_folder(folder: str) -> bool:
    """Whether a folder of a description stays below its address; "" is the address itself."""
    return not folder or all(is_safe_name(part) for part in folder.split("/"))


def matches(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern; case counts on every system."""
    return fnmatchcase(name, pattern)


def joined(folder: str, name: str) -> str:
    """The path of a name in a folder."""
    return f"{folder}/{name}" if folder else name


def claimed_name(name: str, token: str) -> str:
    """What a file is called on the server while it is ours. `token` is hexadecimal and never used before."""
    return f"{name}.claimed-{token}"


def is_claimed_name(name: str) -> bool:
    """Whether a file is somebody's, ours or another project's."""
    return _CLAIMED.fullmatch(name) is not None


def done_name(name: str, delivered_at: datetime, number: int) -> str:
    """What a file is called in the folder of those that are done, where the same name comes again every night."""
    return f"{delivered_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{number}-{name}"


def unfinished_name(name: str, token: str) -> str:
    """What a file is called while it goes up: nobody takes it for a finished one.

    It begins with no dot: vsftpd leaves such names out of its lists, and then nobody can see whether all of it arrived.
    """
    return f"_{name}.{token}.part"


def ready_name(template: str, name: str) -> str:
    """The name of the marker that says a file is complete."""
    return template.replace("{name}", name).replace("{stem}", name.rpartition(".")[0] or name)


def suffix_of(name: str) -> str:
    """The ending of a name, such as `.csv`, if it is a plain one."""
    found = _PLAIN_SUFFIX.fullmatch(name[name.rfind(".") :] if "." in name else "")
    return found[0].lower() if found else ""
