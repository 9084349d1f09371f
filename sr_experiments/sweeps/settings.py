"""The ``sweep`` keys of the configuration, and whether jobs will have the metric that they name."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps.job import Job


class Settings(BaseModel):
    """How a sweep treats its jobs.

    Attributes:
        resume: folder of an earlier sweep that is continued.
        slots: processes at a time; "auto" is one per GPU, or per core where jobs use none.
        retries: further attempts at a job that does not finish, from its last checkpoint.
        order: start with the lowest number, or with what will take the shortest time.
        first: variants of a study whose jobs come before all others, in this order.
        estimate: only say what the jobs will take, and start none.
        timeout: minutes after which an attempt counts as hung; None: never.
        metric: the key of ``status.json``'s metrics that ranks the jobs.
        mode: whether a high or a low value of it is better.
        zip: keys whose values are paired, first with first, instead of crossed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    resume: str | None = None
    slots: Literal["auto"] | int = Field("auto")
    retries: int = Field(0, ge=0, strict=True)
    order: Literal["number", "shortest"] = "number"
    first: list[str] = []
    estimate: bool = Field(False, strict=True)
    timeout: float | None = Field(None, gt=0, strict=True)
    metric: str = "val/psnr"
    mode: Literal["max", "min"] = "max"
    zip: list[str] = []


def read_settings(node: Mapping[Any, Any]) -> Settings:
    """Checks the ``sweep`` keys.

    Raises:
        ConfigError: a key is unknown, of the wrong type or out of range.
    """
    try:
        found = Settings(**{str(key): value for key, value in node.items()})
    except ValidationError as error:
        first = error.errors()[0]
        problem = first["msg"][0].lower() + first["msg"][1:]
        key = first["loc"][0]
        raise ConfigError(f"sweep.{key}: {problem}, got {node[key]!r}") from None
    if found.slots != "auto" and found.slots < 1:
        raise ConfigError(f'sweep.slots: must be at least 1, or "auto", got {found.slots}')
    return found


def check_metric(metric: str, job: Job) -> None:
    """Compares a metric's name with those that the job's configuration leads to.

    Names of scores are known: sets x scales x the protocol's channel. Names below ``train/``, and
    those that callbacks of one's own may log, are taken as they are unless they look misspelt.

    Raises:
        ConfigError: the job will have no such metric.
    """
    if not {"data", "model", "protocol"} <= job.config.keys():
        return
    known = list(metric_names(job.config))
    stage, slash, _ = metric.partition("/")
    close = get_close_matches(metric, known, n=3, cutoff=0.6 if stage in ("val", "test") else 0.8)
    if metric in known or (slash and stage not in ("val", "test") and not close):
        return
    typed = " ".join(o for o in job.overrides if not o.startswith("sweep."))
    hint = " or ".join(close) if close else f"valid are {', '.join(known[:12])}"
    raise ConfigError(
        f"sweep.metric={metric}: job {job.number} {f'({typed}) ' * bool(typed)}will "
        f"have no such metric; {'did you mean ' * bool(close)}{hint}{'?' * bool(close)}"
    )


def metric_names(config: dict[str, Any]) -> Iterator[str]:
    """Names of all scores of a training run, the means first."""
    data, channel = config["data"], config["protocol"]["channel"]
    metrics = config.get("metrics") or {}
    sets = {
        stage: [n for n, entries in (data.get(stage) or {}).items() if entries]
        for stage in ("val", "test")
    }
    sets["val"] += ["held_out"] if data.get("held_out") else []
    for stage in sets:
        yield from (f"{stage}/psnr", f"{stage}/gain")
    scales = config["model"].get("scales") or []
    for stage, names in sets.items():
        own = [f"psnr_{channel}", f"ssim_{channel}", *metrics]
        own += ["seconds"] if stage == "test" else []
        for name in names:
            for scale in scales if isinstance(scales, list) else [scales]:
                yield from (f"{stage}/{name}_x{scale:g}/{metric}" for metric in own)
