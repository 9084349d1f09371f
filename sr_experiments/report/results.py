"""The table of results: measured values beside published ones, or beside bicubic interpolation."""

import math
import re
from collections.abc import Sequence

from sr_experiments.report.comparisons import at_column
from sr_experiments.report.content import Cell, Results, Row
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.report.labels import digits, label, number
from sr_experiments.runs.read import Run
from sr_experiments.studies.columns import Column, Published
from sr_experiments.studies.statistics import estimate
from sr_experiments.studies.study import Study


def make_results(inputs: ReportInputs) -> Results | None:
    """With a study its columns, else the scores of the test sets; None where there are neither."""
    if inputs.study and inputs.study.columns:
        return _of_study(inputs, inputs.study)
    columns = make_columns(inputs)
    names = [column.metric for column in columns]
    if not names:
        return None
    rows = [_bicubic(label, runs, columns) for label, runs in _by_protocol(inputs.runs).items()]
    rows += [_measured(variant, columns, [None] * len(columns)) for variant in inputs.variants]
    scored_by = ", ".join(f"protocol {name}" for name in protocols(inputs.runs))
    return Results(
        caption=f"Scores of the test sets ({scored_by}); mean over seeds "
        "± half of the 95 % confidence interval. Further metrics are in results.csv.",
        columns=[label(name).removesuffix(", dB") for name in names],
        digits=max(digits(name) for name in names),
        rows=rows,
    )


def make_columns(inputs: ReportInputs) -> list[Column]:
    """What the columns of the table of results show, in their order."""
    if inputs.study and inputs.study.columns:
        return list(inputs.study.columns.values())
    return [Column(metric=name) for name in _test_metrics(inputs.runs)]


def protocol_of(run: Run) -> str:
    """The protocol that a run was scored by: its name, and what was changed of it."""
    node = run.config.get("protocol")
    return run.protocol or str(node.get("name", "")) if isinstance(node, dict) else ""


def baseline_of(run: Run) -> str:
    """What a run is held against: its bicubic interpolation, or at scale 1 its degraded input."""
    if (run.config.get("model") or {}).get("scales") != [1]:
        return "bicubic"
    return "noisy" if (run.config.get("degradation") or {}).get("sigma") else "input"


def _of_study(inputs: ReportInputs, study: Study) -> Results:
    columns = list(study.columns.values())
    rows = []
    blank: list[Published | None] = [None] * len(columns)
    present = {variant.name.split()[0] for variant in inputs.variants}
    for name, values in study.published.items():
        if name not in present | set(study.variants):
            bicubic = _bicubic(name, inputs.runs, columns) if name == "bicubic" else None
            cells = bicubic["cells"] if bicubic else [_cell([], None, "") for _ in columns]
            merged = [_with(cell, value) for cell, value in zip(cells, values, strict=True)]
            rows.append(Row(name=name, variant=None, cells=merged))
    for variant in inputs.variants:
        rows.append(
            _measured(variant, columns, study.published.get(variant.name.split()[0], blank))
        )
    for name in study.variants:
        if name not in present:
            values = study.published.get(name, blank)
            cells = [_with(_cell([], None, "no run"), value) for value in values]
            rows.append(Row(name=name, variant=None, cells=cells))
    return Results(
        caption=f"Published values: {study.source}. Measured: mean over seeds ± half of the 95 % "
        "confidence interval.",
        columns=list(study.columns),
        digits=max(digits(column.metric) for column in columns),
        rows=rows,
    )


def _measured(
    variant: Variant, columns: Sequence[Column], published: Sequence[Published | None]
) -> Row:
    total = len(variant.selected)
    lost = [f"{n} of {total} {state}" for state, n in variant.states.items() if state != "finished"]
    note = ", ".join(lost)
    cells = [
        _cell([at_column(run, column) for run in variant.finished], value, note)
        for column, value in zip(columns, published, strict=True)
    ]
    return Row(name=variant.name, variant=variant.id, cells=cells)


def _bicubic(name: str, runs: Sequence[Run], columns: Sequence[Column]) -> Row:
    """Bicubic interpolation is the same in all runs; the first that scored it tells."""
    cells = []
    for column in columns:
        known = [r.bicubic[column.metric] for r in runs if column.metric in r.bicubic]
        cells.append(Cell(**{**_cell(known[:1], None, ""), "seeds": 0}))
    return Row(name=name, variant=None, cells=cells)


def _cell(values: Sequence[float], published: Published | None, note: str) -> Cell:
    found = estimate(values)
    empty = Cell(
        published=None,
        verified=True,
        measured=number(found.mean),
        half_width=number(found.high - found.mean),
        seeds=found.count,
        note=note,
    )
    return _with(empty, published)


def _with(cell: Cell, published: Published | None) -> Cell:
    if published is None:
        return cell
    return Cell(**{**cell, "published": published.value, "verified": published.verified})


def _test_metrics(runs: Sequence[Run]) -> list[str]:
    """PSNR of each test set and scale, by set and scale; without any PSNR whatever was scored."""
    found = {n for r in runs for n in r.metrics if n.startswith("test/") and n.count("/") > 1}
    psnr = {name for name in found if "/psnr_" in name}
    return sorted(psnr or found, key=_order)


def _order(metric: str) -> tuple[object, ...]:
    parts = re.split(r"([\d.]+)", metric)
    return tuple(
        float(p) if i % 2 and p.strip(".") else math.inf if i % 2 else p
        for i, p in enumerate(parts)
    )


def _by_protocol(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs by the name of the row that shows their bicubic interpolation, or their input."""
    scored = [run for run in runs if run.bicubic]
    several = len(protocols(scored)) > 1
    rows: dict[str, list[Run]] = {}
    for run in scored:
        name = f"{baseline_of(run)} ({protocol_of(run)})" if several else baseline_of(run)
        rows.setdefault(name, []).append(run)
    return rows


def protocols(runs: Sequence[Run]) -> list[str]:
    """The different protocols of runs; what was changed is known of scored ones alone."""
    known = {run.protocol.partition(" with ")[0] for run in runs if run.protocol}
    named = (protocol_of(run) for run in runs if run.protocol or protocol_of(run) not in known)
    return list(dict.fromkeys(name for name in named if name))
