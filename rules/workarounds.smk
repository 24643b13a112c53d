# What touches Snakemake's insides (samples.smk and storage.smk have more), each with the upstream issue and the versions that it is for. A function
# does nothing where Snakemake no longer has what it mends; tests/workflow/test_workarounds.py fails when one is needless.

import gc
import inspect
import logging
import signal
import sys
import threading
import time
import types

from snakemake.logging import logger
from snakemake.scheduling import job_scheduler


def given_configfiles(workflow):
    """The files of `--configfile`. Snakemake merges them into `configfile:`, which a whole study is not to be.

    `--replace-workflow-config` would do, but everyone would have to give it. Issue 730, pull request 3381; 9.27.
    """
    return workflow.overwrite_configfiles


def asked_files(workflow):
    """The words of the command line that may be target files; those of another workflow, with this as a module, aren't.

    An input function that raises is told with a traceback, and `workflow.dag_settings` has the targets only once the
    rules are read; 9.27.
    """
    return sys.argv[1:] if workflow.is_main_process and workflow.modifier.is_main_snakefile() else []


def keep_signatures(rules):
    """Keep the signature of each rule's functions, which Snakemake takes several times for every job.

    A tenth of the time that a graph of thousands of jobs takes. Issue 1575 is about that time; 9.27.
    """
    for one in rules:
        for given in (*one.input, *one.params, one.group, one.conda_env):
            if isinstance(given, types.FunctionType):
                given.__signature__ = inspect.signature(given)


def collect_garbage_less():
    """Look for garbage less often: a graph is millions of objects that stay. A tenth of its time; all versions."""
    gc.set_threshold(200_000, 20, 100)


def show_progress(workflow, progress, texts, full_disk):
    """Have a handler show Snakemake's events, and keep the texts of jobs to the log file, unless more was asked for.

    A logger plugin would have to be an installed package, named on each command line; 9.27. A log file that a full disk
    ends is no reason for tracebacks.
    """
    logging.raiseExceptions = False
    logger.addHandler(progress)
    settings = workflow.output_settings
    for handler in logger.handlers:
        if handler.get_name() == "DefaultStreamHandler":
            if not settings.stdout:  # what a dry run tells goes to standard output, where it can be piped
                handler.setStream(progress)
            handler.addFilter(full_disk)
            if not (settings.dryrun or settings.verbose or settings.printshellcmds):
                handler.addFilter(texts)


def limit_timers(scheduler=job_scheduler.JobScheduler):
    """At most one pending timer of the scheduler, the earliest asked for, and none that keeps the process from ending.

    Snakemake starts one more at each pass, and each wakes the scheduler for one more pass: threads and passes grow with
    the jobs that ended. docs/upstream/scheduler-timers.md; likely issues 2354 and 3804; 9.27.1.
    """
    if not hasattr(scheduler, "_schedule_reevalutation"):
        return

    def schedule_one(self, delay):
        pending, due = getattr(self, "_pending", None), time.monotonic() + delay
        if pending is not None and pending.due <= due:
            return
        if pending is not None:
            pending.cancel()
        self._pending = threading.Timer(delay, wake, (self,))
        self._pending.due, self._pending.daemon = due, True
        self._pending.start()

    def wake(self):
        self._pending = None  # before the scheduler's next pass, which asks for another one
        self._open_jobs.release()

    scheduler._schedule_reevalutation = schedule_one


def end_at_once(workflow, handle, scheduler=job_scheduler.JobScheduler):
    """Have SIGINT and SIGTERM end a run at once: Snakemake waits for its jobs, or for ever, and tells tracebacks.

    Its handler takes a lock that the interrupted thread may hold: docs/upstream/sigterm-deadlock.md; 9.27.1.
    """
    if not workflow.is_main_process:
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    if hasattr(scheduler, "exit_gracefully"):
        scheduler.exit_gracefully = lambda self, *received: handle(*received)


def own_folder(workflow):
    """The folder of this workflow. `workflow.basedir` is that of the main one, if this is a module of it; 9.27."""
    return workflow.current_basedir.get_path_or_uri(secret_free=True)
