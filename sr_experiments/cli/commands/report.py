"""``python report.py``: what runs have logged, as a folder of files or as a W&B workspace."""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig

from sr_experiments.cli.config.check import Config, check_present, check_type, to_plain
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.hints import did_you_mean
from sr_experiments.cli.config.study_choice import compose_study
from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.report.build import build_content, make_inputs
from sr_experiments.report.content import Content
from sr_experiments.report.exports import draw_plots, write_curves, write_results
from sr_experiments.report.inputs import ReportInputs
from sr_experiments.report.latex import render_csv, render_latex
from sr_experiments.report.paper_table import make_paper_table
from sr_experiments.report.render import render_markdown, render_page
from sr_experiments.runs.identity import study_group
from sr_experiments.runs.read import SWEEPS, Run, newest_sweep, read_runs
from sr_experiments.studies.study import Study

_TYPES: dict[str, Any] = {
    "task_name": str,
    "to": Literal["files", "wandb"],
    "study_choice": list[str],
}
_FILES: dict[str, Any] = {
    "runs": str | list[str] | None,
    "metric": str | None,
    "better": Literal["higher", "lower"] | None,
    "target": float | int | None,
    "out": str,
    "format": Literal["page", "latex", "csv"],
}
_WANDB: dict[str, Any] = {
    "group": str | None,
    "by": list[str] | None,
    "sets": list[str] | None,
    "channel": Literal["y", "rgb"],
    "x": Literal["epoch", "step", "seconds"],
    "project": str,
    "entity": str | None,
    "dry_run": bool,
}
#: What is shown of runs that belong to no study.
_SETS = ["held_out_x2", "held_out_x3", "held_out_x4"]


def report(composed: DictConfig) -> None:
    """Writes a page with its tables and plots, or saves a W&B workspace.

    Raises:
        ConfigError: a key is wrong, there are no runs, or what was asked for cannot be made.
    """
    config = to_plain(composed)
    check_present(config, _TYPES)
    types = _TYPES | (_WANDB if config["to"] == "wandb" else _FILES)
    for key, value in config.items():
        if key not in types:
            raise ConfigError(f"{key}: there is no such key{did_you_mean(key, types)}")
        check_type(key, value, types[key])
    check_present(config, types)
    study = compose_study(config["study_choice"]) if config["study_choice"] else None
    if config["to"] == "wandb":
        make_workspace(config, study)
    else:
        write_report(config, study)


def write_report(config: Config, study: Study | None) -> None:
    """Reads, computes, writes, and prints what it comes to.

    Args:
        config: of the command.
        study: the chosen one; None: that of the runs, if all are of one.

    Raises:
        ConfigError: there are no runs, none has the metric, or the files cannot be written.
    """
    runs = read_runs(_paths(config["runs"], study))
    _check_metric(config["metric"], runs)
    study = study or study_of(runs)
    inputs = make_inputs(runs, study, config["metric"], config["target"], config["better"])
    folder = Path(config["out"]).expanduser()
    write = _write if config["format"] == "page" else partial(_write_table, kind=config["format"])
    try:
        write(inputs, folder)
    except OSError as error:
        raise ConfigError(
            f"out={folder}: cannot write {error.filename}: {error.strerror}; choose another "
            "folder, or fix its permissions or space"
        ) from None


def make_workspace(config: Config, study: Study | None) -> None:
    """Saves a W&B workspace and prints its address, or prints what would be saved.

    Args:
        config: of the command.
        study: the chosen one, whose variants become lines.

    Raises:
        ConfigError: a package or W&B's key is missing, or W&B refuses.
    """
    group = config["group"] or _newest_group(study)
    try:
        from sr_experiments.cli import workspace
    except ImportError as error:
        raise ConfigError(
            f"to=wandb: {error.name} is not installed; pip install 'sr-experiments[dashboard]'"
        ) from None
    by = ["study.size", "study.variant"] if study else []
    spec = workspace.WorkspaceSpec(
        title=study.title if study else group,
        group=group,
        by=config["by"] if config["by"] is not None else by,
        metrics=_metrics(study, config["sets"], config["channel"]),
        x=config["x"],
    )
    made = workspace.build_workspace(spec, config["entity"] or "", config["project"])
    text = workspace.specification(made)
    if config["dry_run"]:
        print(json.dumps(json.loads(text), indent=2))
    else:
        print(f"workspace: {workspace.save(made)}")


def _paths(runs: str | list[str] | None, study: Study | None) -> Sequence[str | Path]:
    if runs is not None:
        return [runs] if isinstance(runs, str) else runs
    if study is None:
        raise ConfigError("runs: needs a value; give it as runs=..., or a study as study=...")
    return [newest_sweep(study.name, SWEEPS)]


def _write(inputs: ReportInputs, folder: Path) -> None:
    """Writes all files of a report, and prints what it comes to."""
    said = build_content(inputs)
    plots = draw_plots(said, folder / "plots")
    curves, remark = write_curves(inputs, folder)
    results = write_results(inputs, folder)
    links = [path.relative_to(folder).as_posix() for path in plots]
    write_whole(folder / "report.md", render_markdown(said, links))
    # Last, as it is what people open.
    write_whole(folder / "report.html", render_page(said))
    files = [folder / "report.html", folder / "report.md", *curves, results]
    _print(said, [*files, *([folder / "plots"] if plots else [])], remark)


def _write_table(inputs: ReportInputs, folder: Path, kind: Literal["latex", "csv"]) -> None:
    """Writes the table of results alone and, for LaTeX, figures as PDF and SVG.

    Raises:
        ConfigError: nothing was scored.
    """
    table = make_paper_table(inputs)
    if table is None:
        raise ConfigError(f"format={kind}: no run has scores of test sets, so there is no table")
    written = [folder / "table.csv"]
    write_whole(written[0], render_csv(table))
    if kind == "latex":
        written.append(folder / "table.tex")
        write_whole(written[1], render_latex(table))
        written += draw_plots(build_content(inputs), folder / "figures", ("pdf", "svg"))
    print(*written, sep="\n")


def study_of(runs: Sequence[Run]) -> Study | None:
    """The study that all runs belong to, as it stands in ``conf/study`` now; None without one."""
    names = {run.study.get("name") for run in runs if run.config.get("model")}
    name = names.pop() if len(names) == 1 else None
    known = name and (conf_dir() / "study" / f"{name}.yaml").is_file()
    return compose_study([f"study={name}"]) if known else None


def _check_metric(metric: str | None, runs: Sequence[Run]) -> None:
    known = {name for run in runs for name in run.curves}
    if metric is not None and metric not in known:
        raise ConfigError(
            f"metric={metric}: no run has such a curve{did_you_mean(metric, sorted(known))}"
        )


def _print(content: Content, files: Sequence[Path], remark: str) -> None:
    print(f"{content['title']}: {content['lead']}")
    for note in content["notes"]:
        print(f"note: {note}")
    for claim in content["claims"]:
        print(f"{claim['verdict']}: {claim['text']} {claim['words']}")
    for pair in content["pairs"] if not content["claims"] else ():
        print(pair)
    for file in files:
        print(file)
    if remark:
        print(remark, file=sys.stderr)


def _newest_group(study: Study | None) -> str:
    if study is None:
        raise ConfigError(
            "to=wandb: give study=NAME, or group=NAME, the W&B group of runs: the name of a "
            "sweep's folder"
        )
    try:
        return study_group(study.name, newest_sweep(study.name, SWEEPS).name)
    except ConfigError:
        raise ConfigError(
            f"study={study.name}: there is no sweep of it in {SWEEPS}; name the W&B group of its "
            f"runs too, as 'group={study_group(study.name, 'FOLDER_OF_THE_SWEEP')}'"
        ) from None


def _metrics(study: Study | None, sets: Sequence[str] | None, channel: str) -> list[str]:
    """The curves of validation of these sets, else the study's, else the held-out images'."""
    looked_at = [study.metric, *(c.metric for c in study.columns.values())] if study else []
    curves = [name for name in looked_at if name.startswith("val/")]
    if sets is None and curves:
        ssim = [name.replace("/psnr_", "/ssim_") for name in curves]
        return list(dict.fromkeys([*curves, *ssim]))
    qualities = ("psnr", "ssim")
    return [f"val/{s}/{q}_{channel}" for q in qualities for s in sets or _SETS]
