"""One W&B workspace, from its configuration to its address."""

import json
from collections.abc import Sequence
from typing import Literal

from omegaconf import DictConfig, OmegaConf

from sr_experiments.cli.build import check_type
from sr_experiments.cli.study_choice import chosen_study
from sr_experiments.errors import ConfigError
from sr_experiments.runs.identity import study_group
from sr_experiments.runs.read import SWEEPS, newest_sweep
from sr_experiments.studies.study import Study

_TYPES = {
    "group": str | None,
    "by": list[str] | None,
    "sets": list[str] | None,
    "channel": Literal["y", "rgb"],
    "x": Literal["epoch", "step", "seconds"],
    "project": str,
    "entity": str | None,
    "dry_run": bool,
}
_SETS = ["held_out_x2", "held_out_x3", "held_out_x4"]


def dashboard_run(config: DictConfig) -> None:
    """Saves the workspace and prints its address, or prints what would be saved.

    Raises:
        ConfigError: a key is wrong, a package or W&B's key is missing, or W&B refuses.
    """
    content = OmegaConf.to_container(config, resolve=True)
    assert isinstance(content, dict)
    for name, expected in _TYPES.items():
        check_type(name, content[name], expected)
    study = chosen_study(config)
    group = content["group"] or _newest_group(study)
    try:
        from sr_experiments.cli import workspace
    except ImportError as error:
        raise ConfigError(
            f"dashboard: {error.name} is not installed; pip install 'sr-experiments[dashboard]'"
        ) from None
    by = ["study.size", "study.variant"] if study else []
    wanted = workspace.Wanted(
        title=study.title if study else group,
        group=group,
        by=content["by"] if content["by"] is not None else by,
        metrics=_metrics(study, content["sets"], content["channel"]),
        x=content["x"],
    )
    made = workspace.build_workspace(wanted, content["entity"] or "", content["project"])
    text = workspace.specification(made)
    print(
        json.dumps(json.loads(text), indent=2)
        if content["dry_run"]
        else f"workspace: {workspace.save(made)}"
    )


def _newest_group(study: Study | None) -> str:
    if study is None:
        raise ConfigError(
            "give study=NAME, or group=NAME, the W&B group of runs: the name of a sweep's folder"
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
