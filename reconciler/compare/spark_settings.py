"""How Spark is started: where it works, with how much, and for how long."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.compare.spark_dialect import SPELLING

_LOCAL: Final = re.compile(r"local(\[.*\])?")
_LOOPBACK: Final = "127.0.0.1"

OWN_SETTINGS: Final = frozenset(
    {
        *SPELLING,
        "spark.app.name",
        "spark.driver.memory",
        "spark.executor.memory",
        "spark.local.dir",
        "spark.master",
        "spark.sql.catalogImplementation",
        "spark.sql.warehouse.dir",
        "spark.submit.deployMode",
        "spark.ui.enabled",
    }
)
"""Settings of Spark that are ours: results depend on them, or an option of the project says them."""


@dataclass(frozen=True, slots=True)
class SparkSettings:
    """What `[compare.spark]` says.

    Attributes:
        master: address of the cluster, or `local[N]` for N threads of this machine.
        memory_mib: of the driver's Java, which with a local master does all the work.
        executor_memory_mib: of each executor's Java; None leaves Spark's own default.
        start_timeout_s: until Spark is there, a cluster's answer included.
        timeout_s: for one comparison.
        more: further settings of Spark by name; none of `OWN_SETTINGS`.
    """

    master: str = "local[*]"
    memory_mib: int = 4096
    executor_memory_mib: int | None = None
    start_timeout_s: float = 180.0
    timeout_s: float = 14_400.0
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether everything runs in one process of this machine."""
        return _LOCAL.fullmatch(self.master) is not None

    def properties(self, folder: Path) -> dict[str, str]:
        """Every setting of Spark by name. `folder` is where it may write on this machine."""
        said = {
            # Fewer than Spark's 200: a comparison whose data fit one machine spends most of its time starting tasks.
            "spark.sql.shuffle.partitions": "32",
            "spark.ui.showConsoleProgress": "false",
            **self.more,
            **SPELLING,
            "spark.app.name": "reconciler",
            "spark.master": self.master,
            "spark.submit.deployMode": "client",
            "spark.driver.memory": f"{self.memory_mib}m",
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
            "spark.ui.enabled": "false",
        }
        if self.is_local:
            # Nobody else has business with it; other machines of a cluster must reach the driver.
            said |= {"spark.driver.bindAddress": _LOOPBACK, "spark.driver.host": _LOOPBACK}
        if self.executor_memory_mib is not None:
            said["spark.executor.memory"] = f"{self.executor_memory_mib}m"
        temporary = f"-Djava.io.tmpdir={folder}"
        said["spark.driver.extraJavaOptions"] = f"{said.get('spark.driver.extraJavaOptions', '')} {temporary}".strip()
        return said


def as_properties_file(properties: Mapping[str, str]) -> str:
    """The text of a Java properties file. Line breaks in a value are not possible."""
    return "".join(f"{name} {_escaped(value)}\n" for name, value in sorted(properties.items()))


def _escaped(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError("a setting of Spark cannot hold a line break")
    return value.replace("\\", "\\\\")
