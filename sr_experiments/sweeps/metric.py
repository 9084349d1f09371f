"""Whether ``sweep.metric`` is a metric that jobs will have, found out before they start."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from sr_experiments.errors import ConfigError
from sr_experiments.sweeps.job import Job


def check_metric(metric: str, job: Job) -> None:
    """Compares a metric's name with those that the job's configuration leads to.

    Names of scores are known: sets x scales x the protocol's channel. Names below ``train/``, and
    those that callbacks of one's own may log, are taken as they are unless they look misspelt.

    Raises:
        ConfigError: the job will have no such metric.
    """
    if not {"data", "model", "eval"} <= job.config.keys():
        return
    known = list(score_names(job.config))
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


def score_names(config: dict[str, Any]) -> Iterator[str]:
    """Names of all scores of a training run, the means first."""
    data, channel, metrics = config["data"], config["eval"]["channel"], config.get("metrics") or {}
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
                yield from (f"{stage}/{name}_x{scale:g}/{quality}" for quality in own)
