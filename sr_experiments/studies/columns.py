"""The columns of a study's table, and what was published for them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from sr_experiments.errors import ConfigError
from sr_experiments.published import PublishedValue, read_published

_METRIC = re.compile(r"(?:val|test)/(.+)_x([\d.]+)/(\w+)")
_SUFFIXES = {"psnr_y": "", "ssim_y": " SSIM", "psnr_rgb": " RGB", "ssim_rgb": " RGB SSIM"}


class Column(BaseModel):
    """A column of a study's table.

    Attributes:
        metric: a metric of ``metrics.csv`` or, for a score at the end, of ``status.json``.
        at: when it is taken, as a share (0, 1] of the run's steps; None: the score at the end.
        published_set: what the source calls the set of images; None: as the metric does.
    """

    model_config = ConfigDict(extra="forbid")
    metric: str
    at: float | None = Field(default=None, gt=0, le=1)
    published_set: str | None = None


class Block(BaseModel):
    """Columns of test scores: all metrics x sets x scales, in this order.

    Attributes:
        sets: the sets; where ours is called differently, ``{theirs: ours}``.
        scales: the scales.
        metrics: as ``psnr_y``, ``ssim_y``, ``psnr_rgb``, ``seconds``.
    """

    model_config = ConfigDict(extra="forbid")
    sets: list[str] | dict[str, str] = Field(min_length=1)
    scales: list[int] = Field(min_length=1)
    metrics: list[str] = Field(default=["psnr_y"], min_length=1)

    def columns(self) -> dict[str, Column]:
        """The columns by their headings."""
        ours = self.sets if isinstance(self.sets, dict) else {s: s.lower() for s in self.sets}
        return {
            f"{theirs}{f' x{scale}' if scale != 1 else ''}{_SUFFIXES.get(metric, f' {metric}')}": (
                Column(metric=f"test/{own}_x{scale}/{metric}", published_set=theirs.lower())
            )
            for metric in self.metrics
            for theirs, own in ours.items()
            for scale in self.scales
        }


class Tables(BaseModel):
    """Published values that belong beside a study's.

    Attributes:
        paper: as :func:`sr_experiments.published.read_published` takes it.
        tables: whose values; empty: all.
        sets: as the source calls them; empty: all.
        methods: the method that each variant reproduces, and no others; empty: all methods of the
            tables, and variants are found by their names, in small or capital letters.
    """

    model_config = ConfigDict(extra="forbid")
    paper: str
    tables: list[str] = []
    sets: list[str] = []
    methods: dict[str, str] = {}


@dataclass(frozen=True)
class Published:
    """A published value; ``verified`` is false where the source itself was not at hand."""

    value: float
    verified: bool


Rows = dict[str, list[Published | None]]


def select_published(
    tables: Sequence[Tables], columns: Mapping[str, Column], variants: Sequence[str]
) -> Rows:
    """A value or None per column, by variant or other method.

    Args:
        tables: where the values are.
        columns: by their headings.
        variants: names of the study's.

    Raises:
        ConfigError: there is no such paper, table, method or variant.
    """
    places = [_place(column) for column in columns.values()]
    named = {variant.lower(): variant for variant in variants}
    rows: Rows = {}
    for each in tables:
        for value in _chosen(each, variants):
            names = [n for n, method in each.methods.items() if method == value.method]
            if not each.methods:
                names = [named.get(value.method.lower(), value.method)]
            place = (value.set, value.scale, value.metric)
            for name in names if place in places else ():
                row = rows.setdefault(name, [None] * len(places))
                row[places.index(place)] = Published(value.value, value.verified)
    return rows


def _place(column: Column) -> tuple[str, float, str] | None:
    """Set, scale and metric of a column, as published values have them."""
    match = _METRIC.fullmatch(column.metric)
    if not match:
        return None
    at = f"@{column.at:g}" if column.at is not None else ""
    return (column.published_set or match[1]).lower(), float(match[2]), f"{match[3]}{at}"


def _chosen(wanted: Tables, variants: Sequence[str]) -> list[PublishedValue]:
    values = read_published(wanted.paper)
    sets = [name.lower() for name in wanted.sets]
    for kind, names, known in (
        ("table", wanted.tables, {v.table for v in values}),
        ("set", sets, {v.set for v in values}),
        ("method", wanted.methods.values(), {v.method for v in values}),
    ):
        for name in names:
            if name not in known:
                raise ConfigError(
                    f"study.published: {wanted.paper} has no {kind} {name}"
                    f"; it has {', '.join(sorted(known))}"
                )
    for variant in wanted.methods:
        if variant not in variants:
            raise ConfigError(f"study.published: there is no variant {variant}")
    return [
        value
        for value in values
        if value.table in (wanted.tables or [value.table]) and value.set in (sets or [value.set])
    ]
