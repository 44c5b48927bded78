"""`python -m tui`: the terminal UI of one project. `reconciler tui` becomes this process."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from reconciler.app.workspace import open_workspace
from reconciler.errors import ReconcilerError
from reconciler.logs import configure_logging, masked
from reconciler.project import Project, load_project
from tui.app import ReconcilerApp
from tui.leaving import at_rest
from tui.opening import Options, open_session

LOG_FILE = "tui.log"


def main(arguments: list[str] | None = None) -> int:
    """Open the terminal UI, and close it. 2 for what the command line or the project file has wrong."""
    options, debug = _options(arguments)
    try:
        return asyncio.run(_open(load_project(options.project_file), options, debug=debug))
    except ReconcilerError as error:
        sys.stderr.write(f"error: {masked(error.message)}\n")
        if error.hint:
            sys.stderr.write(f"  {masked(error.hint)}\n")
        sys.stderr.write(f"  ({error.code})\n")
        return error.exit_code


def _options(arguments: list[str] | None) -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="reconciler tui", description="The terminal UI.")
    parser.add_argument("--project", type=Path, default=Path("reconciler.toml"), help="project file")
    parser.add_argument("--read-only", action="store_true", help="look, and change nothing")
    parser.add_argument("--as", dest="as_person", metavar="PERSON", help="act as this person; only in stage sandbox")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII signs only")
    parser.add_argument("--debug", action="store_true", help="log every call")
    given = parser.parse_args(arguments)
    return Options(given.project, given.read_only, given.as_person, given.ascii), given.debug


async def _open(project: Project, options: Options, *, debug: bool) -> int:
    async with open_workspace(project) as workspace:
        project.data.mkdir(parents=True, exist_ok=True)
        # Into a file: a line on stderr would be written across the screen.
        with (project.data / LOG_FILE).open("a", encoding="utf-8") as log:
            configure_logging(debug=debug, stream=log)
            app = ReconcilerApp(open_session(workspace, options))
            try:
                result = await app.run_async()
            finally:
                await at_rest()
            return app.return_code or (0 if result is None else result)


if __name__ == "__main__":
    sys.exit(main())
