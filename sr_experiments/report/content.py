"""What a report says, independent of how it is shown: plain values, ready for JSON."""

from typing import Any, TypedDict


class VariantLine(TypedDict):
    """Runs that differ in their seed alone."""

    id: str  # as "residual_0.1"
    name: str  # for people
    values: dict[str, str]  # what varied between variants: {"optim.lr": "0.1"}
    seeds: int  # finished runs
    states: dict[str, int]  # {"finished": 2, "diverged": 1}


class Lines(TypedDict):
    """One metric of one variant over training; lists have one entry per measurement."""

    variant: str
    epoch: list[float | None]
    step: list[float | None]
    seconds: list[float | None]  # mean over the seeds; None where not recorded
    mean: list[float | None]
    low: list[float | None]  # confidence interval of the mean; None with one seed
    high: list[float | None]
    runs: dict[str, list[float | None]]  # by label, as "seed 0"


class Metric(TypedDict):
    """A metric with its curves."""

    name: str  # as "val/set5_x2/psnr_y"
    label: str  # as "PSNR on Set5 x2 (Y), dB"
    better: str  # "higher" or "lower"
    lines: list[Lines]


class Cell(TypedDict):
    """A published value beside the measured one."""

    published: float | None
    verified: bool  # False: the published value is from memory
    measured: float | None  # mean over seeds
    half_width: float | None  # of its confidence interval
    seeds: int
    note: str  # as "1 of 3 diverged"


class Row(TypedDict):
    """A row of the table of results; methods that were not run have no variant."""

    name: str
    variant: str | None
    cells: list[Cell]  # one per column


class Results(TypedDict):
    """The table of published and measured values."""

    caption: str  # with the published values' source
    columns: list[str]
    digits: int
    rows: list[Row]


class Claim(TypedDict):
    """A claim of a source, and what these runs say about it."""

    text: str
    verdict: str  # "shown", "consistent with", "not shown" or "contradicted"
    words: str  # why, in one or two sentences with the figures


class Statistic(TypedDict):
    """Convergence of one variant; texts are ready to show, as "36.90 ± 0.05"."""

    variant: str
    runs: str  # as "2 of 3 finished, 1 diverged"
    final: str
    best: str
    area: str
    to_target: str  # "step 1200 (seed 1: never)"


class Tile(TypedDict):
    """A cut of a restored image."""

    name: str  # variant's name, or "LR", "bicubic", "original"
    caption: str  # as "36.90 dB"
    src: str  # data: URI of a PNG


class Picture(TypedDict):
    """The same cut of one image, from every variant."""

    title: str  # as "set5 butterfly x3"
    width: int  # pixels of the cut
    height: int
    tiles: list[Tile]


class RunLine(TypedDict):
    """One run."""

    variant: str
    seed: str
    state: str
    error: str
    seconds: float
    folder: str


class Content(TypedDict):
    """A whole report."""

    title: str
    lead: str  # what was asked, or which sweep this is
    created: str  # ISO date and time
    notes: list[str]  # what a reader must know first: runs that failed, diverged, are running
    claims: list[Claim]
    claims_note: str  # what the verdicts mean
    variants: list[VariantLine]
    metrics: list[Metric]  # the first is shown first
    results: Results | None
    statistics: list[Statistic]
    statistics_note: str  # how intervals were computed, what the target is
    pairs: list[str]  # comparisons in words
    pictures: list[Picture]
    runs: list[RunLine]
    common: dict[str, str]  # overrides that all runs share
    environment: dict[str, Any]
    commands: list[str]  # to repeat it
