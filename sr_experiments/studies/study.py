"""A study: what is run, what was published, what is claimed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sr_experiments.errors import ConfigError
from sr_experiments.studies.columns import Block, Column, Published, Tables, select_published

Expected = Literal["higher", "lower", "faster", "slower", "same", "not higher", "not faster"]


class StudyClaim(BaseModel):
    """A claim about two arms.

    Attributes:
        text: the claim in the source's sense.
        compare: the arm that it is about, and the one that it is compared with.
        measure: "end": the curve's last value; "speed": steps to the target; or a column.
        expect: what the first arm is, against the second.
        margin: smaller differences do not count; in the metric's unit, for speed relative.
    """

    model_config = ConfigDict(extra="forbid")
    text: str
    compare: tuple[str, str]
    measure: str = "end"
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
    arm: str | None
    recipes: dict[str, list[str]]
    arms: dict[str, list[str] | dict[str, list[str]] | None] = Field(min_length=1)
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
        target: value to which convergence is timed; None: what both arms of a pair reach.
        size: "tiny" or "paper".
        seeds: each arm runs once with each.
        recipe: overrides of all arms.
        arms: overrides of each arm.
        columns: of the table, by their headings.
        published: a value or None per column, by arm or other method.
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
    arms: Mapping[str, list[str]]
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
    kept = fields.model_dump(exclude={"arm", "recipes", "arms", "columns", "published", "claims"})
    return Study(
        **{**kept, "seeds": tuple(fields.seeds)},
        recipe=(*fields.recipes[fields.size],),
        arms={
            n: _of_size(n, arm, fields.size) for n, arm in fields.arms.items() if arm is not None
        },
        columns=columns,
        published=select_published(fields.published, columns, [*fields.arms]),
        claims=tuple(
            c for c in fields.claims if all(fields.arms[a] is not None for a in c.compare)
        ),
    )


def _columns(fields: _Fields) -> dict[str, Column]:
    if fields.columns is None or isinstance(fields.columns, dict):
        return fields.columns or {}
    return {name: column for block in fields.columns for name, column in block.columns().items()}


def _check_names(fields: _Fields, columns: Mapping[str, Column]) -> None:
    for arm in fields.arms:
        if not re.fullmatch(r"[\w-]+", arm):  # or Hydra could not address it
            raise ConfigError(f"study.arms: names take letters, digits, _ and -, got {arm}")
    if not any(arm is not None for arm in fields.arms.values()):
        raise ConfigError("study.arms: every arm is null, which leaves nothing to run")
    for i, claim in enumerate(fields.claims):
        for arm in claim.compare:
            if arm not in fields.arms:
                raise ConfigError(
                    f"study.claims.{i}: there is no arm {arm}; study.arms.{arm}=null leaves one out"
                )
        if claim.measure not in ("end", "speed", *columns):
            raise ConfigError(
                f"study.claims.{i}: measure must be end, speed or a column, got {claim.measure}"
            )


def _of_size(name: str, arm: list[str] | dict[str, list[str]], size: str) -> list[str]:
    if isinstance(arm, list):
        return arm
    if size not in arm:
        raise ConfigError(f"study.arms.{name}: has no overrides for study.size={size}")
    return arm[size]
