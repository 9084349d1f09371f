"""From a study's configuration to the overrides of its jobs."""

from collections.abc import Sequence

from omegaconf import DictConfig

from sr_experiments.errors import ConfigError
from sr_experiments.runs.command import override_keys, parse_override
from sr_experiments.studies.study import read_study


def jobs(config: DictConfig, typed: Sequence[Sequence[str]]) -> list[list[str]]:
    """Every variant with every seed, seed by seed, for each combination of typed overrides.

    Args:
        config: the variant of the command, with a study.
        typed: overrides of the command line; they win over the study's.

    Raises:
        ConfigError: there is no study, or it is not one.
    """
    if "study" not in config:
        raise ConfigError("hydra/sweeper=study: choose a study too, with study=NAME")
    study = read_study(config.study)
    return [
        [*_left(brought, overrides), *overrides]
        for overrides in typed
        for seed in study.seeds
        for variant, of_variant in study.variants.items()
        if (brought := [*study.recipe, *of_variant, f"seed={seed}", f"study.variant={variant}"])
        if seed == study.seeds[0] or "seed" not in override_keys(overrides)
    ]


def _left(brought: Sequence[str], typed: Sequence[str]) -> list[str]:
    """What typed overrides leave of a study's; of the study's own, the last counts."""
    last = {parse_override(override).key: override for override in brought}
    return [override for key, override in last.items() if key not in override_keys(typed)]
