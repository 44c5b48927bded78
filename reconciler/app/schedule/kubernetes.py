"""The nightly job as a Kubernetes CronJob."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

import orjson

from reconciler.app.schedule.job import NightlyJob

DEFAULT_USER_ID: Final = 10001
MOUNTED_AT: Final = "/project"

_CRON_JOB: Final = """\
# {what}.
# The volume claim {name} holds the project's folder. {secrets}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {unit}
  labels:
    app.kubernetes.io/name: reconciler
    app.kubernetes.io/instance: {name}
    app.kubernetes.io/component: nightly
spec:
  schedule: "{minute} {hour} * * *"
  timeZone: {time_zone}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      # A run that failed is told, and made good by the next one; a second try at once would ask both systems twice.
      backoffLimit: 0
      activeDeadlineSeconds: 43200
      template:
        metadata:
          labels:
            app.kubernetes.io/name: reconciler
            app.kubernetes.io/instance: {name}
            app.kubernetes.io/component: nightly
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          # A claim that is ReadWriteOnce can be mounted only where the service runs.
          affinity:
            podAffinity:
              preferredDuringSchedulingIgnoredDuringExecution:
                - weight: 100
                  podAffinityTerm:
                    topologyKey: kubernetes.io/hostname
                    labelSelector:
                      matchLabels:
                        app.kubernetes.io/name: reconciler
                        app.kubernetes.io/instance: {name}
                        app.kubernetes.io/component: service
          # A Service named reconciler would set RECONCILER_SERVICE_PORT, which is an option of the project file.
          enableServiceLinks: false
          securityContext:
            runAsNonRoot: true
            runAsUser: {user}
            runAsGroup: {user}
            fsGroup: {user}
            # At every start the kubelet would otherwise give the group the right to write what is its owner's alone.
            fsGroupChangePolicy: OnRootMismatch
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: run
              image: {image}
              # 1 says that there is something to see to, such as new findings: the job did its work.
              command: ["/bin/sh", "-c", {script}]
              workingDir: {folder}
              env:
                - name: HOME
                  value: /tmp
{environment}              resources:
                requests:
                  cpu: 500m
                  memory: 512Mi
                limits:
                  memory: 2Gi
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - name: project
                  mountPath: {folder}
                - name: scratch
                  mountPath: /tmp
          volumes:
            - name: project
              persistentVolumeClaim:
                claimName: {name}
            - name: scratch
              emptyDir:
                sizeLimit: 2Gi
"""
_VARIABLE: Final = """\
                - name: {variable}
                  valueFrom:
                    secretKeyRef:
                      name: {name}
                      key: {variable}
"""


def cron_job(job: NightlyJob, image: str, user_id: int) -> str:
    """The manifest, as YAML.

    Args:
        user_id: number of the user in the container; not 0.
    """
    return _CRON_JOB.format(
        what=job.what,
        unit=job.unit,
        name=job.name,
        secrets=f"The secret {job.name} holds {', '.join(job.variables)}." if job.variables else "It needs no secrets.",
        minute=job.at.minute,
        hour=job.at.hour,
        time_zone=_scalar(job.time_zone),
        user=user_id,
        image=_scalar(image),
        folder=MOUNTED_AT,
        script=_scalar(_script(["reconciler", "--project", f"{MOUNTED_AT}/{job.project_file.name}", *job.arguments])),
        environment="".join(_VARIABLE.format(variable=_scalar(each), name=job.name) for each in job.variables),
    )


def outside_the_volume(job: NightlyJob) -> list[str]:
    """Folders the job writes in that are not in the project's folder, and so not in its volume."""
    inside = job.folder.resolve()
    return [str(path) for path in job.writable if not path.is_relative_to(inside)]


def _script(command: Sequence[str]) -> str:
    # A shell that is asked to stop keeps that to itself while it waits for a command in the foreground.
    return (
        f"{shlex.join(command)} >/dev/null & job=$!; trap 'kill -TERM \"$job\"' TERM; "
        'while wait "$job"; code=$?; kill -0 "$job" 2>/dev/null; do :; done; '
        '[ "$code" -eq 1 ] && exit 0; exit "$code"'
    )


def _scalar(text: str) -> str:
    """A text that YAML reads as just that text: every JSON string is one."""
    return orjson.dumps(text).decode()
