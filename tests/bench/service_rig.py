"""The processes of the benchmark of the service: the ERP, bare handlers, the service itself, and a client."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import orjson

from tests.bench.tax_upstream import CUSTOMER, SKUS

TOKEN = "a-token-of-the-benchmark"
DEADLINE_S = 2.0
CONCURRENCY = 16
_END_S = 30

Result = dict[str, Any]


class Process:
    """A process that prints one line when it answers."""

    def __init__(self, *command: str, **options: Any) -> None:
        self._popen = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True, **options)
        assert self._popen.stdout is not None
        self.first_line = self._popen.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let it finish."""
        self._popen.terminate()
        self._popen.wait(_END_S)

    @property
    def cpu_s(self) -> float:
        """Processor time it has used: what a busy machine does meanwhile does not count."""
        fields = Path(f"/proc/{self._popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss_mib(self) -> float:
        """What it holds of the machine's memory."""
        told = Path(f"/proc/{self._popen.pid}/status").read_text()
        return int(told.partition("VmRSS:")[2].split()[0]) / 1024


class Client:
    """The process that asks."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load_client"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._day = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.close()
        self._popen.wait(_END_S)

    def begin(self, port: int, path: str, body: str, **task: Any) -> None:
        """Give it a task; see `load_client`. No day is asked about twice."""
        assert self._popen.stdin is not None
        self._day += 50_000
        headers = {"Authorization": f"Bearer {TOKEN}"}
        whole = {"port": port, "path": path, "body": body, "headers": headers, "first_day": self._day, **task}
        print(orjson.dumps(whole).decode(), file=self._popen.stdin, flush=True)

    def result(self) -> Result:
        """What came of it."""
        assert self._popen.stdout is not None
        found: Result = orjson.loads(self._popen.stdout.readline())
        return found

    def ask(self, port: int, path: str, body: str, **task: Any) -> Result:
        """Both."""
        self.begin(port, path, body, **task)
        return self.result()


class Erp(Process):
    """The ERP, or bare handlers that forward to one."""

    def __init__(self, elsewhere: int | None = None) -> None:
        super().__init__("tests.bench.tax_upstream", *([] if elsewhere is None else [f"http://127.0.0.1:{elsewhere}"]))
        self.port = int(self.first_line)

    def behaves(self, **mode: Any) -> None:
        """`kind`: answers or garbage; `delay_s`. Its count starts again."""
        self.call("POST", "/mode", orjson.dumps(mode))

    @property
    def asked(self) -> int:
        """Conversations since then."""
        return int(self.call("GET", "/asked"))

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One request."""
        return call(self.port, method, path, body)


def call(port: int, method: str, path: str, body: bytes | None = None) -> bytes:
    """One request with the token."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=_END_S) as answer:
        found: bytes = answer.read()
    return found


class Service(Process):
    """`reconciler serve` with its defaults, but for the limits that would be measured instead of it."""

    def __init__(self, project_file: Path) -> None:
        command = ["reconciler", "--project", str(project_file), "serve", "--port", "0"]
        super().__init__(*command, stderr=subprocess.DEVNULL)
        self.port = int(orjson.loads(self.first_line)["url"].rpartition(":")[2])


@contextmanager
def service_before(erp: Erp, folder: Path, *, cache_ttl_s: int = 900) -> Iterator[Service]:
    """The service of a new project with that ERP."""
    folder.mkdir()
    (folder / "tokens").write_text(f"bench:admin:{TOKEN}")
    (folder / "tokens").chmod(0o600)
    (folder / "key").write_text("k" * 16)
    project_file = folder / "reconciler.toml"
    project_file.write_text(_PROJECT.format(erp=erp.port, ttl=cache_ttl_s, deadline=DEADLINE_S, at_once=CONCURRENCY))
    with Service(project_file) as service:
        yield service


_PROJECT = """
[project]
name = "bench"
locale = "pt-BR"
timezone = "America/Sao_Paulo"
currency = "BRL"
stage = "sandbox"
state = "sqlite:///state.db"
data = "data/"
[crm]
vendor = "ploomes"
base_url = "http://127.0.0.1:9"
credentials = {{ user_key = {{ file = "key" }} }}
[erp]
vendor = "sandbox_erp"
base_url = "http://127.0.0.1:{erp}/api"
credentials = {{ user = {{ file = "key" }}, password = {{ file = "key" }} }}
concurrency = {at_once}
[scope.customers]
key = ["tax_id"]
[scope.customers.fields]
legal_name = {{ owner = "erp" }}
[taxes]
deadline_s = {deadline}
cache_ttl_s = {ttl}
concurrency = {at_once}
[service]
tokens = {{ file = "tokens" }}
requests_per_minute = 100000000
"""


def quote(day: str) -> str:
    """Five lines."""
    lines = [
        {"line": str(place), "sku": sku, "quantity": "2", "unit_price": f"{4928.84 * place:.2f}", "discount": "0"}
        for place, sku in enumerate(SKUS, start=1)
    ]
    would_be = {"customer": {"tax_id": CUSTOMER}, "ship_to": {"state": "PR"}, "date": day, "lines": lines}
    return orjson.dumps(would_be).decode()
