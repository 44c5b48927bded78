"""The nightly job as a line for cron. It needs no `flock`: a run refuses to begin while another one goes on."""

from __future__ import annotations

import shlex
from typing import Final

from reconciler.app.schedule.job import NightlyJob

_HEAD: Final = """\
# {what}. {place}
# What goes wrong is on stderr, which cron mails; the summary is in the reports.
# CRON_TZ is obeyed by cronie (RHEL, Fedora, SUSE, Arch). Where cron does not know it, as on Debian and Ubuntu, the time
# below is that of the machine's own zone: change it if that is not {time_zone}.
"""

_SECRETS: Final = "# Secrets ({names}) come from {file}: NAME='value' a line, readable by that user alone.\n"


def cron_lines(job: NightlyJob, user: str | None) -> str:
    """Lines for a user's own crontab; with a user, for a file in `/etc/cron.d`, where each line names one."""
    place = "For `crontab -e`." if user is None else f"For /etc/cron.d/{job.unit}, owned by root."
    head = _HEAD.format(what=job.what, place=place, time_zone=job.time_zone)
    if job.variables:
        head += _SECRETS.format(names=", ".join(job.variables), file=job.environment_file)
    when = f"{job.at.minute} {job.at.hour} * * *"
    who = "" if user is None else f" {user}"
    # cron ends the command at a percent sign that has no backslash.
    command = shell_command(job).replace("%", "\\%")
    return f"{head}CRON_TZ={job.time_zone}\n{when}{who} {command}\n"


def shell_command(job: NightlyJob) -> str:
    """What `/bin/sh` is given."""
    steps = [f"cd {shlex.quote(str(job.folder))}"]
    if job.variables:
        steps += ["set -a", f". {shlex.quote(str(job.environment_file))}", "set +a"]
    return " && ".join([*steps, f"exec {shlex.join(job.command)} >/dev/null"])
