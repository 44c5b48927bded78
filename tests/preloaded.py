"""Everything that processes of tests need: imported once, by the process that all of them are copies of."""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module
from typing import Final

from reconciler.cli import commands
from reconciler.phrases.languages import in_language

_LOADED_WHEN_NEEDED: Final = (
    *("_strptime", "alembic.command", "duckdb", "polars", "rich.progress", "tzdata", "xlsxwriter"),
    *("reconciler.app.audit", "reconciler.app.check", "reconciler.app.correct", "reconciler.app.correction_documents"),
    *("reconciler.app.findings", "reconciler.app.run", "reconciler.app.runs", "reconciler.app.vendors"),
    *("reconciler.cli.correction_progress", "reconciler.cli.main", "reconciler.cli.progress"),
    *("reconciler.connectors.connector", "reconciler.connectors.write.record_writer"),
    *("reconciler.ports.files.port", "reconciler.ports.http.client"),
    *("reconciler.sandbox.start", "reconciler.store.state.sqlite"),
    *("tests.corrections.apply_process", "tests.store.side_processes", "tests.store.state_writer"),
)
"""What the product and its libraries import inside of functions, so that a command without need of it starts soon."""

# Nothing that is loaded here is garbage; to look for it takes a sixth of the time.
gc.disable()
for _module in pkgutil.iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{_module.name}")
for _name in _LOADED_WHEN_NEEDED:
    import_module(_name)

# The patterns of the catalogue are made by the first sentence of the state that is told in Portuguese.
in_language("A sentence.", "pt-BR")
gc.enable()
