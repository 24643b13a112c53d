# Workarounds for the samples that `benchmark:` takes of a job's processes, by the rules of workarounds.smk.

from snakemake import benchmark


def benchmark_forks(family, timer=benchmark.BenchmarkTimer):
    """Have `benchmark:` count, beside the processes below a job's shell, those that `family` adds: they are forked elsewhere; 9.27."""

    def begin(self, *given, **named):
        started(self, *given, **named)
        self.main = family(self.main)

    started, timer.__init__ = timer.__init__, begin


def space_samples(timer=benchmark.ScheduledPeriodicTimer):
    """Take `benchmark:`'s samples ever further apart, from half a second to half a minute, each 1.5 times its predecessor's.

    Snakemake takes two in a second for the first 15 s of a job. One of a process with PyTorch costs it 20 ms of CPU, for
    `smaps_rollup`: 2 % of the Kodak study together; 9.27.
    """

    def schedule(self):
        due = benchmark.BENCHMARK_INTERVAL_SHORT * 1.5 ** (self._times_called - 1)
        self._timer = benchmark.DaemonTimer(min(self._interval, due), self._action)
        self._timer.start()

    if hasattr(timer, "_schedule"):
        timer._schedule = schedule
