"""What a report is about: variants with their runs, and the metric that they are held to."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sr_experiments.report.content import VariantLine
from sr_experiments.report.labels import is_decibel
from sr_experiments.runs.read import Run
from sr_experiments.studies.curve_statistics import Better
from sr_experiments.studies.study import Study
from sr_experiments.studies.variants import (
    Selection,
    common_overrides,
    group_by_variant,
    select_runs,
    typed_overrides,
    values_of,
    varying_keys,
)

_MOST_KEYS = 8


@dataclass(frozen=True)
class Variant:
    """One variant: what counts of its runs, and what does not."""

    id: str
    name: str
    runs: Selection
    values: Mapping[str, str]

    @property
    def selected(self) -> list[Run]:
        """One run for each seed."""
        return self.runs.selected

    @property
    def finished(self) -> list[Run]:
        """Those that have finished."""
        return [run for run in self.selected if run.state == "finished"]

    @property
    def states(self) -> dict[str, int]:
        """How many of the counted runs are in which state."""
        return dict(Counter(run.state for run in self.selected))


@dataclass(frozen=True)
class ReportInputs:
    """What is reported on.

    Attributes:
        runs: all runs.
        variants: their variants.
        metric: name of the curves that are compared; empty if there are none.
        better: "higher" or "lower".
        target: value to which convergence is timed; None: one that all variants reach.
        target_source: where the target comes from, for people.
        study: the study that the runs belong to.
    """

    runs: Sequence[Run]
    variants: Sequence[Variant]
    metric: str
    better: Better = "higher"
    target: float | None = None
    target_source: str = "the worst final value of all, which all reach"
    study: Study | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def unit(self) -> str:
        """Of the metric."""
        return "dB" if is_decibel(self.metric) else ""

    @property
    def named_runs(self) -> list[tuple[str, Run]]:
        """All runs, those that count first, with the names of their variants."""
        return [
            (variant.name, run)
            for variant in self.variants
            for run in (*variant.selected, *variant.runs.superseded)
        ]


def make_variants(runs: Sequence[Run], study: Study | None = None) -> list[Variant]:
    """The variants of runs; those of a study in its order."""
    named = group_by_variant(runs)
    if study:
        order = {variant: place for place, variant in enumerate(study.variants)}
        last = len(order)
        named = dict(sorted(named.items(), key=lambda item: order.get(item[0].split()[0], last)))
    keys = varying_keys(runs)
    shared = common_overrides(runs)
    variants: list[Variant] = []
    taken: set[str] = set()
    for name, members in named.items():
        slug = stem = re.sub(r"[^\w.=-]+", "_", name).strip("_") or "runs"
        while slug in taken:
            slug = f"{stem}_{len(taken)}"
        taken.add(slug)
        first = next((run for run in members if "model" in run.config), members[0])
        values = values_of(first, keys)
        if len(keys) > _MOST_KEYS:  # as with experiment=a,b: what was typed says it
            values = {
                k: v for k, v in typed_overrides(first).items() if shared.get(k) != v
            } or values
        variants.append(Variant(slug, name, select_runs(members), values))
    return variants


def default_metric(runs: Sequence[Run]) -> str:
    """The curves that are compared where nobody says which; empty if there are none.

    The mean over the validation sets, unless runs have different sets or scales: then the PSNR of
    one that most of them have.
    """
    names = Counter(name for run in runs for name in run.curves if name.startswith("val/"))
    if len(set(names.values())) > 1:
        names = Counter({n: count for n, count in names.items() if "/psnr_" in n} or names)
    elif "val/psnr" in names:
        return "val/psnr"
    ranked = sorted(names, key=lambda name: (-names[name], name))
    return ranked[0] if ranked else next((name for run in runs for name in run.curves), "")


def describe_variants(variants: Sequence[Variant]) -> list[VariantLine]:
    """The variants, for a report."""
    return [
        VariantLine(
            id=each.id,
            name=each.name,
            values=dict(each.values),
            seeds=len(each.finished),
            states=each.states,
        )
        for each in variants
    ]
