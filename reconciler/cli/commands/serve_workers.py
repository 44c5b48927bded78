"""`serve --workers N`: what the supervisor and its processes say to each other."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import typer

from reconciler.cli.options import settings_of
from reconciler.cli.output import say
from reconciler.errors import ConfigurationError
from reconciler.logs import configure_logging
from reconciler.project import load_project
from reconciler.service.listening import bound_socket
from reconciler.service.settling import settle
from reconciler.service.supervisor import Supervisor, WorkerFailedError

_STDIN = 0


def supervise(context: typer.Context, port: int | None, workers: int, *, behind_proxy: bool) -> None:
    """Run so many processes until SIGTERM or Ctrl-C; print the one JSON line when all answer.

    Raises:
        ConfigurationError: the address cannot be listened on, or the processes die again and again.
        typer.Exit: one ended before all answered, with its exit code.
    """
    settings = settings_of(context)
    configure_logging(debug=settings.debug)
    section = load_project(settings.project_file).file.service
    options = ["--project", str(settings.project_file), *(["--debug"] if settings.debug else [])]
    own = ["--behind-proxy"] if behind_proxy else []
    command = [sys.executable, "-m", "reconciler", *options, "serve", *own, "--worker-socket"]
    with bound_socket(section.host, section.port if port is None else port) as bound:
        try:
            asyncio.run(_supervised(Supervisor(command, bound, workers)))
        except WorkerFailedError as error:
            raise typer.Exit(error.exit_code) from None


async def _supervised(supervisor: Supervisor) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await supervisor.run(stop, _announce)


def _announce(announced: Mapping[str, Any]) -> None:
    for sentence in announced["without"]:
        say(sentence)
    typer.echo(orjson.dumps({"url": announced["url"]}).decode())


def announce_to_supervisor(url: str, without: Sequence[str]) -> None:
    """One line on stdout, which the supervisor reads."""
    settle()
    typer.echo(orjson.dumps({"url": url, "without": list(without)}).decode())


def inherited_socket(number: int) -> socket.socket:
    """The socket that the supervisor bound.

    Raises:
        ConfigurationError: that number is no socket of this process: somebody else gave the option.
    """
    try:
        return socket.socket(fileno=number)
    except OSError as error:
        raise ConfigurationError("--worker-socket is for processes that serve --workers starts.") from error


def stop_without_supervisor(stop: asyncio.Event) -> None:
    """Set `stop` when the supervisor is gone: nobody else would ever stop this process, and it holds the port."""
    loop = asyncio.get_running_loop()

    def closed() -> None:
        loop.remove_reader(_STDIN)
        stop.set()

    loop.add_reader(_STDIN, closed)
