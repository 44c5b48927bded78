"""Runs commands while a disk has only so much room: `python -m tests.operations.small_disk`, in namespaces of its own.

The disk is a tmpfs that nobody outside sees, so that writes fail as they do on a full disk, and no right is needed.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from reconciler.store.snapshots.content import ContentFolder
from reconciler.store.snapshots.snapshot import Snapshot
from reconciler.store.state.state import State

_SIZE_BYTES = 8 << 20
_LEFT_AFTER = (0, 1)
"""Exit codes of a command that came to its end."""


@dataclass(frozen=True)
class Try:
    """One command on a disk with so much room, and what the state was like afterwards.

    Attributes:
        acts: entries of the audit trail.
        problems: of the trail, and of snapshot files that the state names and nobody can read.
    """

    free_bytes: int
    code: int
    stderr: str
    integrity: str
    findings: list[str]
    corrections: dict[str, int]
    acts: int
    problems: list[str]


@dataclass(frozen=True)
class Orders:
    """What is to be tried.

    Attributes:
        box: folder of the project, which is copied for every scene.
        full: what lies on the small disk: `state` or `data`.
        command: after `--project`.
        free_bytes: room, one after another, until the command comes to its end.
        tables: what of a plan is to be told.
    """

    box: str
    full: str
    command: Sequence[str]
    free_bytes: Sequence[int]


def available() -> bool:
    """Whether this machine lets a user mount a disk of its own."""
    return subprocess.run([*_NAMESPACES, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0


_NAMESPACES = ("unshare", "--map-root-user", "--mount")


def tried(folder: Path, *orders: Orders) -> list[list[Try]]:
    """Carry out the orders, each on a disk of its own."""
    given = json.dumps([asdict(each) for each in orders])
    done = subprocess.run(
        [*_NAMESPACES, sys.executable, "-m", "tests.operations.small_disk", str(folder), given],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return [[Try(**each) for each in scene] for scene in json.loads(done.stdout)]


def _scene(folder: Path, number: int, orders: Orders) -> list[Try]:
    disk, usual = folder / f"disk{number}", folder / f"usual{number}"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE_BYTES}", "tmpfs", disk], check=True)
    shutil.copytree(orders.box, usual)
    name = {"state": "state.db", "data": "data"}[orders.full]
    shutil.move(usual / name, disk / name)
    # By a link, and not by another setting: a plan fits the project it was made with.
    (usual / name).symlink_to(disk / name)
    tries = []
    for free_bytes in orders.free_bytes:
        _leave(disk, free_bytes)
        words = [each.replace("{box}", str(usual)) for each in orders.command]
        code, stderr = _run(["--project", str(usual / "reconciler.toml"), *words], folder / "stderr")
        (disk / "ballast").unlink()
        tries.append(Try(free_bytes, code, stderr, *_look(usual / "state.db"), *asyncio.run(_look_inside(usual))))
        if code in _LEFT_AFTER:
            break
    return tries


def _leave(disk: Path, free_bytes: int) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        status = os.statvfs(disk)
        ballast.write(b"\0" * max(0, status.f_bavail * status.f_frsize - free_bytes))


def _run(arguments: Sequence[str], said: Path) -> tuple[int, str]:
    """In a copy of this process, which has imported everything."""
    pid = os.fork()
    if pid == 0:
        with said.open("wb") as file, Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.argv = ["reconciler", *arguments]
        code = 70
        try:
            from reconciler.cli.main import main

            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:  # noqa: BLE001  # what a process would tell before it ends
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), said.read_text(encoding="utf-8")


def _look(state: Path) -> tuple[str, list[str], dict[str, int]]:
    with closing(sqlite3.connect(state)) as database:
        (integrity,) = database.execute("PRAGMA integrity_check").fetchone()
        rows = database.execute("SELECT id FROM findings ORDER BY id").fetchall()
        counts = database.execute("SELECT state, count(*) FROM corrections GROUP BY state").fetchall()
    return integrity, [str(each) for (each,) in rows], dict(counts)


async def _look_inside(usual: Path) -> tuple[int, list[str]]:
    """What later commands would read: the trail, and every file of every snapshot."""
    from reconciler.project import load_project

    data = ContentFolder(load_project(usual / "reconciler.toml", {}).data / "snapshots")
    async with State.open("sqlite:///state.db", usual) as state:
        check = await state.audit.verify()
        named = {
            name for each in await state.snapshots.complete_ones() for name in Snapshot.from_json(each.files).names
        }
    # By their names, which are their digests: the frame library has threads, and this process is still to be copied.
    damaged = [name for name in sorted(named) if not data.holds(name) or digest_of_file(data.path(name)) != name]
    return check.entries, [*(each.problem for each in check.breaks), *damaged]


def digest_of_file(path: Path) -> str:
    """What a file of that content is called."""
    return f"{sha256(path.read_bytes()).hexdigest()[:32]}{path.suffix}"


def main(folder: str, orders: str) -> None:
    """Print what was tried, as JSON."""
    import alembic.command  # noqa: F401  # what the copies of this process need
    import duckdb  # noqa: F401
    import polars  # noqa: F401

    import reconciler.app.run
    import reconciler.cli.commands  # noqa: F401

    given: list[dict[str, Any]] = json.loads(orders)
    scenes = [_scene(Path(folder), number, Orders(**each)) for number, each in enumerate(given)]
    print(json.dumps([[asdict(each) for each in scene] for scene in scenes]))


if __name__ == "__main__":
    main(*sys.argv[1:])
