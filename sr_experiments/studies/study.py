"""A study: what is run, what was published, what is claimed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from omegaconf import DictConfig, OmegaConf
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sr_experiments.errors import ConfigError

Expected = Literal["higher", "lower", "faster", "slower", "same", "not higher", "not faster"]


class Column(BaseModel):
    """A column of a study's table.

    Attributes:
        metric: a metric of ``metrics.csv`` or, for a score at the end, of ``status.json``.
        at: when it is taken, as a share (0, 1] of the run's steps; None: the score at the end.
    """

    model_config = ConfigDict(extra="forbid")
    metric: str
    at: float | None = Field(default=None, gt=0, le=1)


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


@dataclass(frozen=True)
class Published:
    """A published value; ``verified`` is false where the source itself was not at hand."""

    value: float
    verified: bool


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
    columns: dict[str, Column]
    published: dict[str, list[float | str | None]]
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
        size: "mini" or "paper".
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
        key = ".".join(["study", *map(str, first["loc"])])
        raise ConfigError(f"{key}: {first['msg']}, got {first['input']!r}") from None
    if fields.size not in fields.recipes:
        known = " or ".join(fields.recipes)
        raise ConfigError(f"study.size={fields.size}: {fields.name} comes as {known}")
    _check_names(fields)
    kept = fields.model_dump(exclude={"arm", "recipes", "arms", "columns", "published", "claims"})
    return Study(
        **{**kept, "seeds": tuple(fields.seeds)},
        recipe=(*fields.recipes[fields.size],),
        arms={
            n: _of_size(n, arm, fields.size) for n, arm in fields.arms.items() if arm is not None
        },
        columns=fields.columns,
        published={name: [_value(v) for v in row] for name, row in fields.published.items()},
        claims=tuple(
            c for c in fields.claims if all(fields.arms[a] is not None for a in c.compare)
        ),
    )


def _check_names(fields: _Fields) -> None:
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
        if claim.measure not in ("end", "speed", *fields.columns):
            raise ConfigError(
                f"study.claims.{i}: measure must be end, speed or a column, got {claim.measure}"
            )
    for name, row in fields.published.items():
        if len(row) != len(fields.columns):
            raise ConfigError(
                f"study.published.{name}: has {len(row)} values for {len(fields.columns)} columns"
            )


def _of_size(name: str, arm: list[str] | dict[str, list[str]], size: str) -> list[str]:
    if isinstance(arm, list):
        return arm
    if size not in arm:
        raise ConfigError(f"study.arms.{name}: has no overrides for study.size={size}")
    return arm[size]


def _value(cell: float | str | None) -> Published | None:
    if cell is None:
        return None
    text = str(cell)
    try:
        return Published(float(text.removesuffix("?")), verified=not text.endswith("?"))
    except ValueError:
        raise ConfigError(
            f"study.published: {text} is no number, nor one with a question mark"
        ) from None
