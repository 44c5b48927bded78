"""The nightly job as a systemd service and its timer, and the HTTP service as another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from reconciler.app.schedule.job import NightlyJob

_PLAIN: Final = re.compile(r"[A-Za-z0-9/._=:@+,-]+", re.ASCII)
_GLOB: Final = re.compile(r"([*?\[\]{}\\])")

_HARDENING: Final = """\
UMask=0077
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
{private_tmp}PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""

_SERVICE: Final = """\
[Unit]
Description={what}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={user}
WorkingDirectory={folder}
{environment}ExecStart={command}
# 1 says that there is something to see to, such as new findings: the job did its work.
# 3 (partial), 4 (outcome unknown) and 2 are failures.
SuccessExitStatus=1
# Stopped like with Ctrl-C, so that it ends in order.
KillSignal=SIGINT
TimeoutStartSec=12h
Nice=10
{hardening}"""

_SERVE: Final = """\
[Unit]
Description=Taxes, webhooks and findings of {title} over HTTP
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
User={user}
WorkingDirectory={folder}
{environment}ExecStart={command}
Restart=on-failure
RestartSec=5
# 2 is a mistake of configuration: starting again would not help.
RestartPreventExitStatus=2
# On SIGTERM nothing new is taken, and what is in hand is finished.
TimeoutStopSec=90
# A connection is an open file.
LimitNOFILE=8192
{hardening}
[Install]
WantedBy=multi-user.target
"""

_TIMER: Final = """\
[Unit]
Description=Every day: {what}

[Timer]
OnCalendar=*-*-* {hour:02}:{minute:02}:00 {time_zone}
# Makes up for a night in which the machine was off.
Persistent=true
AccuracySec=1min

[Install]
WantedBy=timers.target
"""

_SECRETS: Final = """\
# Secrets ({names}): NAME='value' a line, readable by root alone.
EnvironmentFile={file}
"""


def systemd_units(job: NightlyJob, user: str) -> Mapping[str, str]:
    """The texts of both units by file name, the service first."""
    service = _SERVICE.format(
        what=_specifiers(job.what),
        user=user,
        folder=_specifiers(str(job.folder)),
        environment=_environment(job),
        command=" ".join([_word(job.program[0]), *(_argument(each) for each in job.command[1:])]),
        hardening=_hardening(job),
    )
    timer = _TIMER.format(what=_specifiers(job.what), hour=job.at.hour, minute=job.at.minute, time_zone=job.time_zone)
    return {f"{job.unit}.service": service, f"{job.unit}.timer": timer}


def serving_unit(job: NightlyJob, user: str) -> Mapping[str, str]:
    """The text of the unit that keeps the HTTP service running, by its file name.

    Args:
        job: of `serving_job`.
    """
    text = _SERVE.format(
        title=_specifiers(job.title),
        user=user,
        folder=_specifiers(str(job.folder)),
        environment=_environment(job),
        command=" ".join([_word(job.program[0]), *(_argument(each) for each in job.command[1:])]),
        hardening=_hardening(job),
    )
    return {f"{job.name}-http.service": text}


def _hardening(job: NightlyJob) -> str:
    return _HARDENING.format(
        writable=" ".join(_word(str(path)) for path in job.writable), private_tmp=_private_tmp(job)
    )


def _environment(job: NightlyJob) -> str:
    if not job.variables:
        return ""
    # The path is a pattern to systemd.
    path = _GLOB.sub(r"\\\1", str(job.environment_file))
    return _SECRETS.format(names=", ".join(job.variables), file=_specifiers(path))


def _private_tmp(job: NightlyJob) -> str:
    """A private /tmp would hide a project that is kept there."""
    inside = any(str(path).startswith(("/tmp/", "/var/tmp/")) for path in (*job.writable, job.project_file))  # noqa: S108  # looked at, not written to
    return "" if inside else "PrivateTmp=true\n"


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _word(text: str) -> str:
    """One word of a list: systemd splits at spaces, and reads quotes and backslashes like C."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers(escaped)}"'


def _argument(text: str) -> str:
    """One argument of a command line, where `$` would begin a variable too."""
    return _word(text).replace("$", "$$")
