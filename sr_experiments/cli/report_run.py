"""One report, from its configuration to its files."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.build import check_type
from sr_experiments.cli.conf_dir import conf_dir
from sr_experiments.cli.hints import did_you_mean
from sr_experiments.cli.study_choice import chosen_study, compose_study
from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole
from sr_experiments.report.build import build_content, make_inputs
from sr_experiments.report.content import Content
from sr_experiments.report.exports import draw_plots, write_curves, write_results
from sr_experiments.report.inputs import ReportInputs
from sr_experiments.report.render import render_markdown, render_page
from sr_experiments.runs.read import SWEEPS, Run, newest_sweep, read_runs
from sr_experiments.studies.study import Study

_TYPES: dict[str, Any] = {
    "task_name": str,
    "runs": str | list[str] | None,
    "metric": str | None,
    "better": Literal["higher", "lower"] | None,
    "target": float | int | None,
    "out": str,
    "study_choice": list[str],
}


def report_run(config: DictConfig) -> None:
    """Reads, computes, writes, and prints what it comes to.

    Raises:
        ConfigError: there are no runs, none has the metric, or the files cannot be written.
    """
    content = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    assert isinstance(content, dict)
    for key, value in ((str(key), value) for key, value in content.items()):
        if key not in _TYPES:
            raise ConfigError(f"{key}: there is no such key{did_you_mean(key, _TYPES)}")
        check_type(key, value, _TYPES[key])
    chosen = chosen_study(config)
    runs = read_runs(_paths(content["runs"], chosen))
    _check_metric(content["metric"], runs)
    study = chosen or study_of(runs)
    inputs = make_inputs(runs, study, content["metric"], content["target"], content["better"])
    folder = Path(content["out"]).expanduser()
    try:
        _write(inputs, folder)
    except OSError as error:
        raise ConfigError(
            f"out={folder}: cannot write {error.filename}: {error.strerror}; choose another "
            "folder, or fix its permissions or space"
        ) from None


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
