"""`[compare]` of the project file: what compares, and how Spark is started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from reconciler.project_types import StrictSection
from reconciler.toml_file import Problem

_MASTER: Final = re.compile(r"local(\[(\*|[1-9]\d*)(, *[1-9]\d*)?\])?|spark://\S+|yarn|k8s://\S+")
_PREFIX: Final = "spark."


class SparkSection(StrictSection):
    """Apache Spark, by which `engine = "spark"` compares.

    Attributes:
        master: `local[N]` for N threads of this machine, `local[*]` for all, or the address of a cluster: `spark://…`,
            `yarn`, `k8s://…`. Its machines must see the data folder under the same path.
        memory_mib: of the driver's Java, which does all the work with a local master.
        executor_memory_mib: of each executor's Java on a cluster; without it Spark's own default.
        start_timeout_s: until Spark is there.
        timeout_minutes: for the comparison of one entity.
        settings: further settings of Spark, by name, as text.
    """

    master: str = "local[*]"
    memory_mib: Annotated[int, Field(ge=1024, le=4_194_304)] = 4096
    executor_memory_mib: Annotated[int, Field(ge=1024, le=4_194_304)] | None = None
    start_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 180.0
    timeout_minutes: Annotated[float, Field(gt=0, le=10_080)] = 240.0
    settings: dict[str, str] = Field(default={})


class CompareSection(StrictSection):
    """What compares the two sides. The findings are the same."""

    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: SparkSection = SparkSection()


def compare_problems(compare: CompareSection) -> Iterator[Problem]:
    """What Spark would refuse only when everything was read, and settings that are not the project's to make."""
    place = ("compare", "spark")
    spark = compare.spark
    if _MASTER.fullmatch(spark.master) is None:
        hint = 'Examples: "local[4]", "spark://head:7077", "yarn", "k8s://https://head:6443".'
        yield Problem((*place, "master"), "this is no master of Spark.", hint)
    if not spark.settings:
        return
    from reconciler.compare.spark_settings import OWN_SETTINGS

    for name, value in spark.settings.items():
        key = (*place, "settings", name)
        if not name.startswith(_PREFIX):
            yield Problem(key, f"the name of a setting of Spark begins with “{_PREFIX}”.")
        elif name in OWN_SETTINGS:
            yield Problem(key, "this setting is the program's own.", "Leave it out, or use the option that is for it.")
        elif not value.isprintable():
            yield Problem(key, "a setting of Spark is one line of printable characters.")
