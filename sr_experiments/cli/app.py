"""The commands: composes a configuration, and turns a user's mistakes into one message.

What a command does stands in the module of its name and is imported when it begins, so that --help,
completion and mistakes on the command line are answered without torch.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sr_experiments.cli.config.check import check_config, check_preparation
from sr_experiments.cli.config.command_line import tidy
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.hints import explain
from sr_experiments.cli.config.study_choice import keep_choice
from sr_experiments.errors import ConfigError, Interrupted, UserError, kind_of
from sr_experiments.runs.command import FIRST_RANK, JOB_MARK, foreign_rank, is_started_rank
from sr_experiments.runs.frozen import frozen_config
from sr_experiments.runs.rerun import compare_outcomes, expand_rerun, repeated_config
from sr_experiments.runs.status import STATUS
from sr_experiments.signals import leaving_on_interrupt, raise_on_interrupt
from sr_experiments.streams import outlive_full_disks
from sr_experiments.sweeps.command import expand
from sr_experiments.sweeps.job import Check, JobError
from sr_experiments.worker import die_with_parent

Task = Callable[[DictConfig], float | None]


class _Ended(BaseException):
    """Carries an error past Hydra, which would print a line of its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def train() -> None:
    """``python train.py``: trains a network and scores it."""
    run_app("train", _task("train"), check_config)


def evaluate() -> None:
    """``python evaluate.py``: scores weights on benchmark sets, also those of several runs."""
    run_app("evaluate", _task("evaluate"), partial(check_config, network=False))


def predict() -> None:
    """``python predict.py``: restores photographs."""
    run_app("predict", _task("predict"), partial(check_config, network=False))


def export() -> None:
    """``python export.py``: a network as a file for other programs."""
    run_app("export", _task("export"), partial(check_config, network=False))


def app() -> None:
    """``python app.py``: a page on this machine that enlarges pictures."""
    run_app("app", _task("app"), partial(check_config, network=False))


def report() -> None:
    """``python report.py``: what was logged by runs, as a page or as a W&B workspace.

    ``--dry-run`` is another word for ``dry_run=true``.
    """
    words = ["dry_run=true" if word == "--dry-run" else word for word in sys.argv[1:]]
    sys.argv[1:] = keep_choice(words)
    run_app("report", _task("report"))


def prepare() -> None:
    """``python prepare.py``: fetches or imports a published set and builds its stores."""
    if {"--help", "-h"} & {*sys.argv[1:]} and not any(w.startswith("dataset=") for w in sys.argv):
        sys.argv.append("dataset=sr291")  # Hydra shows no help before every group has its option
    run_app("prepare", _task("prepare"), check_preparation)


def _task(command: str) -> Task:
    """What a command does: the function of its name in the module of its name."""

    def task(config: DictConfig) -> float | None:
        module = import_module(f"sr_experiments.cli.commands.{command}")
        run: Task = getattr(module, command)
        return run(config)

    return task


def run_app(config_name: str, task: Task, check: Check | None = None) -> None:
    """Composes ``conf/<config_name>.yaml`` with the command line and runs the task.

    Args:
        config_name: the command's, as "train".
        task: what it does.
        check: what it finds wrong beforehand; a sweep asks for all jobs before it starts any.

    A mistake of the user's ends with one message on stderr and exit status 2, a sweep with jobs
    that failed with 1, an interrupt with 130, a signal N with 128 + N.
    """
    guarded = _guarded(task, check)
    try:
        _prepare_process()
        path = str(conf_dir())
        decorate = hydra.main(version_base="1.3", config_path=path, config_name=config_name)
        with leaving_on_interrupt():  # until the task or a launcher begins
            sys.argv[1:] = tidy(expand(expand_rerun(sys.argv[1:])), config_name)
            _unwrapped(decorate(guarded))
    except UserError as error:
        _stop(str(error))
    except JobError as error:
        sys.stderr.write(f"error: not every job finished; the first that did not: {error}\n")
        sys.exit(1)
    except (HydraException, OmegaConfBaseException) as error:
        _stop(explain(error, config_name, sys.argv[1:]))
    except ValueError as error:
        if not str(error).startswith("Only one of --"):  # flags that Hydra does not combine
            raise
        _stop(f"{error}; to look at a configuration with --cfg, leave out -m")
    except BrokenPipeError:  # the reader, as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if not _is_output_error(error):
            raise
        is_sweep = HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN
        _stop(_cannot_write(error, f"hydra.{'sweep' if is_sweep else 'run'}.dir"))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(128 + signal.SIGINT)
    except Interrupted as interrupt:  # which has been said
        sys.exit(128 + interrupt.number)


def _prepare_process() -> None:
    outlive_full_disks()
    if JOB_MARK in os.environ:
        die_with_parent(int(os.environ[JOB_MARK]))
    elif is_started_rank(sys.argv):  # which without the first one would wait for half an hour
        die_with_parent(int(os.environ.get(FIRST_RANK, os.getppid())))
    else:
        os.environ[FIRST_RANK] = str(os.getpid())
    # Modules of one's own, as a network's, lie in the working directory; of installed commands,
    # and of scripts called from elsewhere, Python searches only the script's folder.
    sys.path.append(str(Path.cwd()))
    # Hydra would print its own kind of message and leave; with this it raises.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")


def _guarded(task: Task, check: Check | None) -> Task:
    """The task, whose errors pass through Hydra as they are."""
    started = time.time()

    def guarded(config: DictConfig) -> float | None:
        try:
            config = repeated_config(frozen_config(config))
            if check:
                check(config)
            raise_on_interrupt()
            try:
                return task(config)
            finally:
                _tell_outcome(config)
        except Exception as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise  # one job of several in a launcher that wants to know
            raise _Ended(_with_key(error, config)) from None
        finally:
            _remove_unused(Path(HydraConfig.get().runtime.output_dir), started)

    guarded.check = check  # type: ignore[attr-defined]  # for launchers
    return guarded


def _tell_outcome(config: DictConfig) -> None:
    """Of a repeated run, whether it came to the same end."""
    status = Path(str(config.get("run_dir"))) / STATUS
    if config.get("rerun") and status.exists() and foreign_rank(os.environ) is None:
        print("\n".join(compare_outcomes(Path(str(config.rerun)), status.parent)), flush=True)


def _unwrapped(run: Callable[[], object]) -> None:
    ended = None
    try:
        run()
    except _Ended as error:
        ended = error.error
    if ended:  # outside, or Python would show how it was carried here
        raise ended


def _remove_unused(folder: Path, started: float) -> None:
    """Removes the run folder that Hydra has made, if nothing was written."""
    with suppress(OSError):  # not empty, or not there
        if folder.stat().st_ctime >= started:
            folder.rmdir()


def _with_key(error: Exception, config: DictConfig) -> Exception:
    """The same error, or the one that names the key whose path could not be written."""
    if not isinstance(error, OSError) or not _is_output_error(error) or not error.filename:
        return error
    failed = Path(error.filename).absolute()
    for key in ("data.cache", "out"):
        value = OmegaConf.select(config, key)
        if value and failed.is_relative_to(anchor := Path(value).expanduser().absolute()):
            return ConfigError(_cannot_write(error, key))
        if value and anchor.is_relative_to(failed):  # a folder on the way to it
            return ConfigError(_cannot_write(error, key))
    return error


def _cannot_write(error: OSError, key: str) -> str:
    path = error.filename or "the results"
    return (
        f"cannot write {path}: {error.strerror}; choose another place with {key}=..., or fix its "
        "permissions or space"
    )


def _is_output_error(error: OSError) -> bool:
    named = error.filename is not None and error.errno is not None
    return named or kind_of(error) == "disk_full"


def _stop(message: str) -> NoReturn:
    sys.stderr.write(f"error: {message}\n")
    sys.exit(2)
