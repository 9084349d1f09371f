"""The table of results as a paper needs it: ranks, significance, and a caption that says it all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sr_experiments.report.comparisons import at_column
from sr_experiments.report.content import Cell, Results
from sr_experiments.report.curves import better_of
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.report.results import make_columns, make_results, protocols
from sr_experiments.studies.columns import Column
from sr_experiments.studies.comparison import RunOutcome, compare
from sr_experiments.studies.significance import SideTest, adjust, is_beyond_doubt, least_pairs


@dataclass(frozen=True)
class Mark:
    """What is said about a measured value by the way it is set.

    Attributes:
        rank: 1 for the best of its column, 2 for the second, else 0.
        differs: whether it is beyond doubt another value than the best one's.
    """

    rank: int = 0
    differs: bool = False


@dataclass(frozen=True)
class PaperTable:
    """A table.

    Attributes:
        results: headings and cells.
        marks: by row and column, as the cells.
        title: the study's, or what was compared.
        caption: conditions and signs, as sentences.
    """

    results: Results
    marks: list[list[Mark]]
    title: str
    caption: list[str]


def make_paper_table(inputs: ReportInputs) -> PaperTable | None:
    """The table of results with its marks; None where nothing was scored."""
    results = make_results(inputs)
    if results is None:
        return None
    columns = make_columns(inputs)
    ranks = [_ranks(results, place, column) for place, column in enumerate(columns)]
    differing, tests = _differing(inputs, results, columns, ranks)
    marks = [
        [
            Mark(ranks[place][number], (row["variant"], place) in differing)
            for place in range(len(columns))
        ]
        for number, row in enumerate(results["rows"])
    ]
    title = inputs.study.title if inputs.study else "Runs compared"
    return PaperTable(results, marks, title, _caption(inputs, results, tests))


def _ranks(results: Results, place: int, column: Column) -> list[int]:
    """1, 2 or 0 for each row; equal as they are printed is equal."""
    printed = [_printed(row["cells"][place], results["digits"]) for row in results["rows"]]
    known = sorted({value for value in printed if value is not None})
    if better_of(column.metric) == "higher":
        known.reverse()
    places = {value: rank for rank, value in enumerate(known[:2], start=1)}
    return [places.get(value, 0) if value is not None else 0 for value in printed]


def _printed(cell: Cell, digits: int) -> float | None:
    return None if cell["measured"] is None else round(cell["measured"], digits)


def _differing(
    inputs: ReportInputs, results: Results, columns: Sequence[Column], ranks: list[list[int]]
) -> tuple[set[tuple[str | None, int]], list[SideTest]]:
    """The cells that differ from the best variant's of their column, of all that were tested."""
    variants = {variant.id: variant for variant in inputs.variants}
    tested: list[tuple[str, int]] = []
    tests: list[SideTest] = []
    for place, column in enumerate(columns):
        names = [row["variant"] for row in results["rows"]]
        best = next((n for n, rank in zip(names, ranks[place], strict=True) if n and rank == 1), "")
        for name in names if best else ():
            if name and name != best:
                own, others = (_outcomes(variants[each], column) for each in (name, best))
                tests.append(compare(own, others, better_of(column.metric)).against(0.0))
                tested.append((name, place))
    corrected = adjust(tests)
    found = zip(tested, tests, corrected, strict=True)
    return {cell for cell, test, p in found if is_beyond_doubt(test, p)}, tests


def _outcomes(variant: Variant, column: Column) -> list[RunOutcome]:
    return [RunOutcome(run.seed, run.state, at_column(run, column)) for run in variant.selected]


def _caption(inputs: ReportInputs, results: Results, tests: Sequence[SideTest]) -> list[str]:
    cells = [cell for row in results["rows"] for cell in row["cells"]]
    said = ["Measured values are means over seeds ± half of the 95 % confidence interval (t)."]
    if any(cell["published"] is not None for cell in cells):
        source = inputs.study.source.rstrip(".") if inputs.study else "the papers"
        said.append(f"Published values: {source}.")
    if any(cell["published"] is not None and not cell["verified"] for cell in cells):
        said.append("A question mark stands behind published values that are from memory.")
    said.append("Bold: best measured value of its column; underlined: second best.")
    pairs = max((test.pairs for test in tests), default=0)
    if pairs >= least_pairs():
        said.append(
            "An asterisk: beyond doubt another value than the best variant's (exact sign flips "
            f"and paired t test over seeds, p < 0.05 after Holm's correction for {len(tests)} "
            "comparisons)."
        )
    elif tests:
        fewest = least_pairs()
        said.append(f"With {pairs} paired seeds no difference can be shown; that takes {fewest}.")
    return [*said, " ".join(_conditions(inputs))]


def _conditions(inputs: ReportInputs) -> list[str]:
    """Protocol, seeds, steps and hardware, as sentences."""
    runs = [run for variant in inputs.variants for run in variant.finished]
    seeds = sorted({run.seed for run in runs if run.seed is not None})
    steps = sorted(
        {int(max(c.step[-1] for c in run.curves.values())) for run in runs if run.curves}
    )
    span = f"{steps[0]:,} to {steps[-1]:,}" if len(steps) > 1 else f"{steps[0]:,}" if steps else "?"
    hardware = dict.fromkeys(_hardware(run.environment) for run in runs if run.environment)
    said = [f"Protocol: {', '.join(protocols(runs)) or 'not recorded'}."]
    said.append(f"Seeds: {', '.join(map(str, seeds)) or 'none'}.")
    said.append(f"Steps: {span}.")
    return [*said, f"Hardware: {'; '.join(hardware) or 'not recorded'}."]


def _hardware(environment: dict[str, object]) -> str:
    gpus = environment.get("gpus")
    if isinstance(gpus, list) and gpus:
        return " + ".join(dict.fromkeys(str(gpu) for gpu in gpus))
    return f"{environment.get('processors') or '?'} processor cores"


def half_width(cell: Cell) -> float | None:
    """Half of the confidence interval; None where there is none, as with one seed."""
    half = cell["half_width"]
    return None if half is None or not np.isfinite(half) else half
