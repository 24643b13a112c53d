"""A Snakemake executor for tests: each job runs in an empty folder of its own, as on a machine without shared files.

As with Kubernetes, a job has the sources that Snakemake deploys, and what it takes from the default storage.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.settings import CommonSettings

common_settings = CommonSettings(
    non_local_exec=True,
    implies_no_shared_fs=True,
    job_deploy_sources=True,
    pass_default_storage_provider_args=True,
    pass_default_resources_args=True,
    pass_envvar_declarations_to_cmd=True,
    auto_deploy_default_storage_provider=False,
    init_seconds_before_status_checks=0,
)
KEPT = ("HOME", "PATH", "OMP_NUM_THREADS", "OPENBLAS_CORETYPE")


class Executor(RemoteExecutor):
    """Jobs as processes, each in a new folder that is removed when it ended."""

    def run_job(self, job: JobExecutorInterface) -> None:
        folder = Path(tempfile.mkdtemp(prefix="elsewhere-"))
        home = folder / "home"
        home.mkdir()
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": str(home)}
        (folder / "work").mkdir()
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", self.format_job_exec(job)],
                cwd=folder / "work",
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        aux = {"process": process, "folder": folder}
        self.report_job_submission(SubmittedJobInfo(job, external_jobid=str(process.pid), aux=aux))

    async def check_active_jobs(self, active_jobs: list[SubmittedJobInfo]) -> AsyncGenerator[SubmittedJobInfo, None]:
        for info in active_jobs:
            status = info.aux["process"].poll()
            if status is None:
                yield info
                continue
            text = (info.aux["folder"] / "output").read_text(errors="replace")
            shutil.rmtree(info.aux["folder"])
            if status:
                self.report_job_error(info, msg=f"status {status}: {text[-5000:]}\n")
            else:
                self.report_job_success(info)

    def cancel_jobs(self, active_jobs: list[SubmittedJobInfo]) -> None:
        for info in active_jobs:
            info.aux["process"].kill()
            shutil.rmtree(info.aux["folder"], ignore_errors=True)
