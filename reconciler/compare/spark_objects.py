"""What is used of PySpark, by shape: PySpark is an extra, and its own types are not there without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from reconciler.compare.session import SqlParameter, SqlValue


class Writer(Protocol):
    """`pyspark.sql.DataFrameWriter`."""

    def parquet(self, path: str, mode: str | None = None, *, compression: str | None = None) -> None: ...


class Frame(Protocol):
    """`pyspark.sql.DataFrame`: a query that has not run, or what it gave when it is kept."""

    @property
    def columns(self) -> list[str]: ...

    @property
    def dtypes(self) -> list[tuple[str, str]]: ...

    @property
    def schema(self) -> object: ...

    @property
    def write(self) -> Writer: ...

    def observe(self, observation: Any, *counted: Any) -> Frame: ...

    def collect(self) -> Sequence[Sequence[SqlValue]]: ...

    def createOrReplaceTempView(self, name: str) -> None: ...

    def createOrReplaceGlobalTempView(self, name: str) -> None: ...


class Reader(Protocol):
    """`pyspark.sql.DataFrameReader`."""

    def schema(self, schema: object) -> Reader: ...

    def parquet(self, *paths: str) -> Frame: ...


class Catalog(Protocol):
    """`pyspark.sql.catalog.Catalog`."""

    def dropGlobalTempView(self, name: str) -> bool: ...


class Context(Protocol):
    """`pyspark.SparkContext`."""

    def setJobGroup(self, group: str, description: str, interrupt: bool = False, /) -> None: ...

    def cancelJobGroup(self, group: str) -> None: ...

    def stop(self) -> None: ...


class Session(Protocol):
    """`pyspark.sql.SparkSession`."""

    @property
    def read(self) -> Reader: ...

    @property
    def catalog(self) -> Catalog: ...

    @property
    def sparkContext(self) -> Context: ...

    def sql(self, text: str, args: Mapping[str, SqlParameter] | None = None) -> Frame: ...

    def newSession(self) -> Session: ...
