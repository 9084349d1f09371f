"""What an earlier attempt at a job has left in its folder, and whether it may be used."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sr_experiments.errors import ConfigError
from sr_experiments.run_checkpoints import move_aside, newest_checkpoint
from sr_experiments.sweeps.command import foreign_rank
from sr_experiments.sweeps.job import FINISHED, Job
from sr_experiments.sweeps.status import read_config, read_status

# Where a run lies, how its sweep goes and what is said about it do not change its result.
_IRRELEVANT = {"run_dir", "sweep", "study"}
_HOPELESS = ("diverged", "dead")


def settle(job: Job) -> None:
    """Marks a job as finished, or finds the checkpoint from which to continue it."""
    status = read_status(job.folder)
    if status.get("state") == FINISHED:
        job.state = FINISHED
        job.seconds = float(status.get("seconds") or 0.0)
        job.take_status()
    elif status:
        job.checkpoint = starting_point(job.folder)


def starting_point(folder: Path) -> Path | None:
    """The checkpoint to continue from; None where the job has to begin anew.

    Only runs that diverged or died begin anew, since more steps would not mend them; their
    checkpoints are moved aside. All others continue: stopped, killed, out of memory, failed.
    """
    if read_status(folder).get("kind") not in _HOPELESS:
        return newest_checkpoint(folder)
    if not foreign_rank(os.environ):  # of several processes that look, one moves them
        move_aside(folder)
    return None


def check_same(job: Job) -> None:
    """Compares a job's configuration with the one recorded in its folder.

    Raises:
        ConfigError: they differ.
    """
    recorded = read_config(job.folder)
    if recorded is None:
        return  # it never came so far as to record one
    changed = changes(recorded, job.config, job.folder)
    if str(changed.get("ckpt_path", [None])[0]).startswith(f"{job.folder}{os.sep}"):
        del changed["ckpt_path"]  # it has continued itself
    if changed:
        key, (old, new) = next(iter(changed.items()))
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ConfigError(
            f"{job.folder}: this run was made with {key}={old}, now it is {new}{more}; "
            "give the old value to continue it, or another sweep folder "
            "(hydra.sweep.dir=...) to keep both"
        )


def changes(
    recorded: Mapping[str, Any], config: Mapping[str, Any], folder: Path
) -> dict[str, tuple[Any, Any]]:
    """The keys whose values differ, with both; where a run lies does not count.

    Args:
        recorded: the configuration of an earlier run.
        config: that of a run in ``folder``.
        folder: its run folder.
    """
    moved = (str(recorded.get("run_dir")), str(folder))
    old, new = dict(_leaves(recorded, moved)), dict(_leaves(config, moved))
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: (old.get(key), new.get(key)) for key in keys}


def _leaves(node: Any, moved: tuple[str, str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if prefix or key not in _IRRELEVANT:
                yield from _leaves(value, moved, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node.replace(*moved) if isinstance(node, str) else node
