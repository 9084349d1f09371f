"""When the jobs of a sweep will be done."""

import heapq
import time
from collections.abc import Mapping, Sequence

from sr_experiments.runs.metrics_file import steps_done
from sr_experiments.sweeps.estimate import Estimate
from sr_experiments.sweeps.job import Job

_LEAST_SECONDS = 60.0  # that a job runs before its own pace counts


class Forecast:
    """Foretells the end from the estimates, and from the pace of the jobs once they run.

    Args:
        estimates: by the numbers of the jobs; jobs without one are left out of the sum.
        at_once: jobs that run side by side.
    """

    def __init__(self, estimates: Mapping[int, Estimate], at_once: int) -> None:
        self.estimates = estimates
        self.at_once = at_once
        self.seen: dict[int, tuple[float, int]] = {}  # when a job was first seen, at which step
        self.pace: dict[int, float] = {}  # seconds per step, of jobs that have run

    def remaining(self, jobs: Sequence[Job]) -> float | None:
        """Seconds until the last of these jobs is done; None where nothing is known of them."""
        open_jobs = [job for job in jobs if job.state in ("running", "waiting")]
        known = [job for job in open_jobs if job.number in self.estimates]
        if not known:
            return None
        for job in known:
            if job.state == "running":
                self._look_at(job)
        # The machine may be slower than when it was measured, for all jobs alike.
        ratios = [pace / self.estimates[n].seconds for n, pace in self.pace.items()]
        slower = sum(ratios) / len(ratios) if ratios else 1.0
        seconds = []
        for job in sorted(known, key=lambda job: job.state != "running"):
            own = self.estimates[job.number]
            pace = self.pace.get(job.number, own.seconds * slower)
            seconds.append(max(0, own.steps - steps_done(job.folder)) * pace)
        return makespan(seconds, self.at_once)

    def _look_at(self, job: Job) -> None:
        now, step = time.monotonic(), steps_done(job.folder)
        since, first = self.seen.setdefault(job.number, (now, step))
        if step > first and now > since + _LEAST_SECONDS:
            self.pace[job.number] = (now - since) / (step - first)


def makespan(seconds: Sequence[float], at_once: int) -> float:
    """Seconds until all jobs are done, each begun in this order as soon as there is room."""
    ends = [0.0] * at_once
    for each in seconds:
        heapq.heapreplace(ends, ends[0] + each)
    return max(ends)
