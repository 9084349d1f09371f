"""A study: what is run, what was published, what is claimed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from omegaconf import DictConfig, OmegaConf
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sr_experiments.errors import ConfigError
from sr_experiments.runs.command import override_keys, parse_override
from sr_experiments.runs.former_names import KEYS
from sr_experiments.studies.columns import Block, Column, Published, Tables, select_published

Expected = Literal["higher", "lower", "faster", "slower", "same", "not higher", "not faster"]


class StudyClaim(BaseModel):
    """A claim about two variants.

    Attributes:
        text: the claim in the source's sense.
        compare: the variant that it is about, and the one that it is compared with.
        metric: "end": the curve's last value; "speed": steps to the target; or a column.
        expect: what the first variant is, against the second.
        margin: smaller differences do not count; in the metric's unit, for speed relative.
    """

    model_config = ConfigDict(extra="forbid")
    text: str
    compare: tuple[str, str]
    metric: str = "end"
    expect: Expected = "higher"
    margin: float = Field(default=0.0, ge=0)


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    title: str
    source: str
    metric: str
    better: Literal["higher", "lower"]
    target: float | None
    size: str
    seeds: list[int] = Field(min_length=1)
    variant: str | None
    recipes: dict[str, list[str]]
    variants: dict[str, list[str] | dict[str, list[str]] | None] = Field(min_length=1)
    columns: dict[str, Column] | list[Block] | None
    published: list[Tables]
    claims: list[StudyClaim]


@dataclass(frozen=True)
class Study:
    """A study in one size.

    Attributes:
        name: of its file.
        title: for people.
        source: of the published values.
        metric: the curve that is compared.
        better: "higher" or "lower".
        target: value to which convergence is timed; None: what both variants of a pair reach.
        size: "tiny" or "paper".
        seeds: each variant runs once with each.
        recipe: overrides of all variants.
        variants: overrides of each variant.
        columns: of the table, by their headings.
        published: a value or None per column, by variant or other method.
        claims: what the source says.
    """

    name: str
    title: str
    source: str
    metric: str
    better: Literal["higher", "lower"]
    target: float | None
    size: str
    seeds: tuple[int, ...]
    recipe: tuple[str, ...]
    variants: Mapping[str, list[str]]
    columns: Mapping[str, Column]
    published: Mapping[str, list[Published | None]]
    claims: tuple[StudyClaim, ...]


def read_study(node: DictConfig | Mapping[str, Any]) -> Study:
    """Checks a study's configuration.

    Raises:
        ConfigError: a key is missing, unknown or of the wrong type; a claim or a published value
            belongs to nothing.
    """
    plain = OmegaConf.to_container(node, resolve=True) if isinstance(node, DictConfig) else node
    _refuse_former_keys(cast("Mapping[str, Any]", plain))
    try:
        fields = _Fields.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        # A key of two types has them in its place, as "dict[str,Column]".
        key = ".".join(["study", *(str(part) for part in first["loc"] if "[" not in str(part))])
        raise ConfigError(f"{key}: {first['msg']}, got {first['input']!r}") from None
    if fields.size not in fields.recipes:
        known = " or ".join(fields.recipes)
        raise ConfigError(f"study.size={fields.size}: {fields.name} comes as {known}")
    columns = _columns(fields)
    _check_names(fields, columns)
    kept = fields.model_dump(
        exclude={"variant", "recipes", "variants", "columns", "published", "claims"}
    )
    return Study(
        **{**kept, "seeds": tuple(fields.seeds)},
        recipe=(*fields.recipes[fields.size],),
        variants={
            n: _of_size(n, variant, fields.size)
            for n, variant in fields.variants.items()
            if variant is not None
        },
        columns=columns,
        published=select_published(fields.published, columns, [*fields.variants]),
        claims=tuple(
            c for c in fields.claims if all(fields.variants[a] is not None for a in c.compare)
        ),
    )


def _refuse_former_keys(node: Mapping[str, Any]) -> None:
    for former, key in KEYS.items():
        group, _, name = former.partition(".")
        if group == "study" and name in node:
            raise ConfigError(f"{former}: is called {key} now")
    for i, claim in enumerate(node.get("claims") or []):
        if isinstance(claim, Mapping) and "measure" in claim:
            raise ConfigError(f"study.claims.{i}.measure: is called metric now")


def _columns(fields: _Fields) -> dict[str, Column]:
    if fields.columns is None or isinstance(fields.columns, dict):
        return fields.columns or {}
    return {name: column for block in fields.columns for name, column in block.columns().items()}


def _check_names(fields: _Fields, columns: Mapping[str, Column]) -> None:
    for variant in fields.variants:
        if not re.fullmatch(r"[\w-]+", variant):  # or Hydra could not address it
            raise ConfigError(f"study.variants: names take letters, digits, _ and -, got {variant}")
    if not any(variant is not None for variant in fields.variants.values()):
        raise ConfigError("study.variants: every variant is null, which leaves nothing to run")
    for i, claim in enumerate(fields.claims):
        for variant in claim.compare:
            if variant not in fields.variants:
                raise ConfigError(
                    f"study.claims.{i}: there is no variant {variant}; "
                    f"study.variants.{variant}=null leaves one out"
                )
        if claim.metric not in ("end", "speed", *columns):
            raise ConfigError(
                f"study.claims.{i}: metric must be end, speed or a column, got {claim.metric}"
            )


def _of_size(name: str, variant: list[str] | dict[str, list[str]], size: str) -> list[str]:
    if isinstance(variant, list):
        return variant
    if size not in variant:
        raise ConfigError(f"study.variants.{name}: has no overrides for study.size={size}")
    return variant[size]


def study_jobs(config: DictConfig, combinations: Sequence[Sequence[str]]) -> list[list[str]]:
    """Every variant with every seed, seed by seed, for each combination of the command's overrides.

    Further seeds come last, so that a sweep that is extended by them keeps its jobs' numbers.

    Args:
        config: the configuration of the command, with a study.
        combinations: overrides of the command line, of which each list is run; they win over the
            study's.

    Raises:
        ConfigError: there is no study, or it is not one.
    """
    if "study" not in config:
        raise ConfigError("hydra/sweeper=study: choose a study too, with study=NAME")
    study = read_study(config.study)
    return [
        [*_without(own, overrides), *overrides]
        for seed in study.seeds
        for overrides in combinations
        for variant, of_variant in study.variants.items()
        if (own := [*study.recipe, *of_variant, f"seed={seed}", f"study.variant={variant}"])
        if seed == study.seeds[0] or "seed" not in override_keys(overrides)
    ]


def _without(own: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """A study's own overrides without those of the command; of several, the last counts."""
    last = {parse_override(override).key: override for override in own}
    return [override for key, override in last.items() if key not in override_keys(overrides)]
