"""Whether what compares could do its work: it is installed, and its master is one that can be reached from here.

Nothing is started, and no cluster is called.
"""

from __future__ import annotations

import os
import re
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

from reconciler.app.doctor.diagnosis import Check, Fact, Grade
from reconciler.errors import ReconcilerError
from reconciler.project import Project
from reconciler.project_compare import SparkSection

_NAME: Final = "engine"
_MEBIBYTE: Final = 1 << 20
_CONFIGURATIONS: Final = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")


def check_engine(project: Project) -> Check:
    """The engine that `[compare]` names."""
    compare = project.file.compare
    if compare.engine == "duckdb":
        number = version("duckdb")
        return Check(_NAME, Grade.OK, f"DuckDB {number}, in this process", facts={"engine": "duckdb", "duckdb": number})
    return _check_spark(compare.spark)


def _check_spark(spark: SparkSection) -> Check:
    from reconciler.compare.spark_process import require_spark

    facts: dict[str, Fact] = {"engine": "spark", "master": _kind(spark.master)}
    try:
        java = require_spark()
    except ReconcilerError as error:
        return Check(_NAME, Grade.FAILURE, error.message, error.hint, {**facts, "code": error.code})
    facts |= {"pyspark": version("pyspark"), "java": java}
    words = f"Spark {facts['pyspark']} on Java {java}, master {spark.master}; it was not started"
    problem = _problem(spark)
    if problem is not None:
        grade, what, hint = problem
        return Check(_NAME, grade, f"{words}; {what}", hint, facts)
    return Check(_NAME, Grade.OK, words, facts=facts)


def _problem(spark: SparkSection) -> tuple[Grade, str, str] | None:
    """What would keep this master from working, as far as it can be told from here."""
    match _kind(spark.master):
        case "local":
            room_mib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MEBIBYTE
            if spark.memory_mib > room_mib:
                what = f"memory_mib is {spark.memory_mib}, and this machine has {room_mib} MiB"
                return (
                    Grade.WARNING,
                    what,
                    "Lower memory_mib under [compare.spark]; Spark would be ended by the system.",
                )
        case "spark" | "k8s" if not _has_host(spark.master):
            what = f"{spark.master} names no machine"
            return Grade.FAILURE, what, 'Examples: "spark://head:7077", "k8s://https://head:6443".'
        case "yarn":
            folders = [os.environ[name] for name in _CONFIGURATIONS if os.environ.get(name)]
            if not any(map(os.path.isdir, folders)):
                what = f"neither {' nor '.join(_CONFIGURATIONS)} names a folder"
                return Grade.FAILURE, what, "Set one of them to the folder with the cluster's configuration."
    return None


def _kind(master: str) -> str:
    found = re.match(r"[a-z0-9]+", master)
    return "other" if found is None else found[0]


def _has_host(master: str) -> bool:
    """Standalone masters may be several, with commas; all need a host and a port, a Kubernetes server only a host."""
    kind, _, rest = master.partition("://")
    if kind == "k8s":
        return bool(urlsplit(rest if "://" in rest else f"//{rest}").hostname)
    return all(re.fullmatch(r"[^\s:,/]+:[0-9]{1,5}", each) for each in rest.split(","))
