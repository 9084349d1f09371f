"""What a W&B workspace for a group of runs shows, and how it is saved."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import wandb
import wandb_workspaces.workspaces as ws
from wandb_workspaces import expr
from wandb_workspaces.reports.v2 import interface as wr
from wandb_workspaces.workspaces.internal import WorkspaceViewspec

from sr_experiments.errors import ConfigError
from sr_experiments.training.metric_logger import BICUBIC

_AXES = {"epoch": "epoch", "step": "trainer/global_step", "seconds": "train/seconds"}
_TRAINING = ("train/loss", "train/lr", "train/clipped")
_RESULTS = ("test/psnr", "test/gain")


@dataclass(frozen=True)
class WorkspaceSpec:
    """What the workspace is for.

    Attributes:
        title: for people.
        group: the W&B group of the runs.
        by: keys of the configuration; runs with equal values share a line. Empty: each has its own.
        metrics: curves of validation, as ``val/set5_x2/psnr_y``.
        x: their axis: "epoch", "step" or "seconds".
    """

    title: str
    group: str
    by: Sequence[str]
    metrics: Sequence[str]
    x: str


def build_workspace(spec: WorkspaceSpec, entity: str, project: str) -> ws.Workspace:
    """Curves of the scores and of training, a table and pictures.

    Args:
        spec: what it shows.
        entity: the W&B user or team; empty: the default one.
        project: the W&B project.
    """
    axis = _AXES[spec.x]
    psnr = [name for name in spec.metrics if "/ssim_" not in name]
    ssim = [name for name in spec.metrics if "/ssim_" in name]
    sections = [
        ws.Section(
            "Validation PSNR",
            [_plot("val/psnr", axis, BICUBIC), *(_plot(n, axis) for n in psnr)],
            is_open=True,
        ),
        ws.Section("Validation SSIM", [_plot(n, axis) for n in ssim], is_open=True),
        ws.Section("Training", [_plot(n, _AXES["step"]) for n in _TRAINING]),
        ws.Section("Results", _results(), is_open=True),
        ws.Section("Pictures", [_pictures("val/panel"), _pictures("panel")], is_open=True),
    ]
    return ws.Workspace(
        entity=entity,
        project=project,
        name=spec.title,
        sections=sections,
        settings=ws.WorkspaceSettings(x_axis=axis, max_runs=100),
        runset_settings=ws.RunsetSettings(
            filters=[expr.Metric("Group") == spec.group],
            groupby=[expr.Config(key) for key in spec.by],
            order=[expr.Ordering(expr.Summary("val/psnr.last"), ascending=False)],
            pinned_columns=["run:displayName", *(f"summary:{name}" for name in _RESULTS)],
        ),
    )


def specification(workspace: ws.Workspace) -> str:
    """What would be sent to W&B, as JSON.

    Raises:
        ConfigError: the installed wandb-workspaces does not read back what it wrote.
    """
    text = str(workspace._to_model().spec.model_dump_json(by_alias=True, exclude_none=True))
    again = WorkspaceViewspec.model_validate_json(text)
    if again.model_dump_json(by_alias=True, exclude_none=True) != text:
        raise ConfigError(
            "to=wandb: this version of wandb-workspaces does not keep the workspace as it is; "
            "install another one, as wandb-workspaces==0.4.13"
        )
    return text


def save(workspace: ws.Workspace) -> str:
    """Saves the workspace as a new one; its address.

    Raises:
        ConfigError: there is no key, or W&B cannot be reached or refuses.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        if not wandb.login(prompt=False):
            raise ConfigError(
                "to=wandb: no key; set WANDB_API_KEY or run `wandb login`, or look at the "
                "specification with --dry-run"
            )
        workspace.entity = workspace.entity or str(wandb.Api().default_entity)
        return str(workspace.save().url)
    except (wandb.Error, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"to=wandb: W&B did not take the workspace: {reason}") from None


def _plot(name: str, axis: str, *references: str) -> wr.LinePlot:
    """A curve and its references; of runs that share a line the mean, and the range of values."""
    y: list[str | wr.Config | wr.SummaryMetric | wr.Metric] = [name, *references]
    return wr.LinePlot(title=name, x=axis, y=y, groupby_aggfunc="mean", groupby_rangefunc="minmax")


def _results() -> list[wr.PanelTypes]:
    charts = [wr.ScalarChart(title=n, metric=n, groupby_aggfunc="mean") for n in _RESULTS]
    return [*charts, wr.RunComparer(diff_only="split")]


def _pictures(key: str) -> wr.MediaBrowser:
    return wr.MediaBrowser(title=key, media_keys=[key], num_columns=1)
