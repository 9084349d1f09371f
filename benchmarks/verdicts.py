"""How often a report's verdicts are false, and how often they find what there is: by simulation.

Curves with known differences go through the code that judges a study's claims. Writes the tables of
docs/studies.md, in some minutes on one core:

    python -m benchmarks.verdicts
"""

import argparse
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from sr_experiments.report.comparisons import make_claims
from sr_experiments.report.inputs import ReportInputs, Variant
from sr_experiments.runs.metrics_file import Curve
from sr_experiments.runs.read import Run
from sr_experiments.studies.significance import least_pairs
from sr_experiments.studies.study import Study, StudyClaim
from sr_experiments.studies.variants import Selection

SEEDS = (2, 3, 4, 5, 6, 8)
DIVERGING = (0.0, 0.2, 0.33)
_ABLE = least_pairs()
_DOCS = Path(__file__).parents[1] / "docs/studies.md"
_FROM, _TO = "<!-- benchmarks/verdicts.py -->\n", "<!-- end -->\n"
_METRIC = "val/psnr"
_TOP, _START, _NOISE = 36.5, 30.0, 0.02
Steps = tuple[int, ...]
_FINE, _COARSE, _END = tuple(range(20, 1001, 20)), tuple(range(250, 1001, 250)), (1000,)


@dataclass(frozen=True)
class Setting:
    """What is measured of two variants.

    Attributes:
        name: for people.
        claim: "end", or "speed".
        steps: when a's runs are measured.
        steps_b: when b's runs are.
        rise: steps in which a curve comes closer to its end by a factor of e.
        target: to which convergence is timed; None: what all runs reach.
        spread: standard deviation between seeds, dB.
        tails: degrees of freedom of the t distribution of ends; None: normal.
        expect: of the claim; None: higher or faster.
        margin: of the claim, dB.
    """

    name: str
    claim: Literal["end", "speed"] = "end"
    steps: Steps = _END
    steps_b: Steps | None = None
    rise: float = 200.0
    target: float | None = None
    spread: float = 0.1
    tails: int | None = None
    expect: Any = None
    margin: float = 0.0


SETTINGS = (
    Setting("end"),
    Setting("end, heavy tails", tails=2),
    Setting("speed", "speed", _FINE),
    Setting("speed, early plateau", "speed", _FINE, rise=15.0, target=_TOP),
    Setting("speed, 4 measurements", "speed", _COARSE),
    Setting("speed, unlike measurements", "speed", _FINE, _COARSE),
)
#: Source, claim, published difference and the spread of paired differences in the mini, in dB.
EFFECTS = (
    ("VDSR Table 1, rate 0.1: residual ends higher", 1.39, 1.68),
    ("VDSR Table 1, rate 0.01: residual ends higher", 0.51, 0.58),
    ("VDSR Table 1, rate 0.001: residual ends higher", 0.41, 0.41),
    ("VDSR Table 1, residual: rate 0.1 ends higher than 0.001", 0.53, 0.165),
)


def curves(
    setting: Setting, steps: NDArray[np.float64], shape: tuple[int, ...], seed: int
) -> NDArray[np.float64]:
    """Curves [*shape, N]: exponentials with an end and a rise of their own, and noise."""
    rng = np.random.default_rng(seed)
    spread = rng.standard_t(setting.tails, shape) if setting.tails else rng.normal(0, 1, shape)
    tops = _TOP + setting.spread * spread[..., None]
    rises = setting.rise * np.exp(rng.normal(0, 0.1, (*shape, 1)))
    noise = rng.normal(0, _NOISE, (*shape, len(steps)))
    return np.asarray(tops - (_TOP - _START) * np.exp(-steps / rises) + noise)


def pages(
    setting: Setting,
    seeds: int,
    diverging: float,
    trials: int,
    *,
    claims: int = 1,
    difference: float = 0.0,
    seed: int = 0,
) -> Iterator[list[str]]:
    """The verdicts of a page's claims, page by page.

    Args:
        setting: what is measured.
        seeds: of each variant.
        diverging: share of the runs that diverge.
        trials: pages.
        claims: of a page: as many variants, each against the same further one.
        difference: of the first variant to the others in dB; they are equal.
        seed: of the random numbers.
    """
    own, other = setting.steps, setting.steps_b or setting.steps
    steps = [np.array(each, dtype=np.float64) for each in (*[own] * claims, other)]
    values = [
        curves(setting, each, (trials, seeds), 100 * seed + place)
        for place, each in enumerate(steps)
    ]
    values[0] = values[0] + difference
    lost = np.random.default_rng(seed).random((trials, claims + 1, seeds)) < diverging
    study = _study(setting, claims)
    for trial in range(trials):
        variants = [
            _variant(f"v{place}", step, value[trial], lost[trial, place])
            for place, (step, value) in enumerate(zip(steps, values, strict=True))
        ]
        runs = [run for variant in variants for run in variant.selected]
        inputs = ReportInputs(runs, variants, _METRIC, target=setting.target, study=study)
        yield [claim["verdict"] for claim in make_claims(inputs)]


def shares(found: Iterator[list[str]], words: tuple[str, ...], first: bool = False) -> float:
    """On which share of pages any claim, or the first one, has one of these verdicts."""
    kept = [verdicts[:1] if first else verdicts for verdicts in found]
    return float(np.mean([any(verdict in words for verdict in page) for page in kept]))


def _study(setting: Setting, claims: int) -> Study:
    expect = setting.expect or {"end": "higher", "speed": "faster"}[setting.claim]
    stated = tuple(
        StudyClaim(
            text="",
            compare=(f"v{place}", f"v{claims}"),
            metric=setting.claim,
            expect=expect,
            margin=setting.margin,
        )
        for place in range(claims)
    )
    return Study(
        "", "", "", _METRIC, "higher", setting.target, "tiny", (), (), {}, {}, {}, stated
    )  # fmt: skip


def _variant(
    name: str, steps: NDArray[np.float64], values: NDArray[np.float64], lost: NDArray[np.bool_]
) -> Variant:
    runs = [
        Run(
            Path(name),
            "diverged" if gone else "finished",
            config={"seed": seed},
            curves={_METRIC: Curve(steps, steps, steps, value)},
        )
        for seed, (value, gone) in enumerate(zip(values, lost, strict=True))
    ]
    return Variant(name, name, Selection(runs, []), {})


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _head(*names: str) -> list[str]:
    return [
        _line(*names, *(f"{seeds} seeds" for seeds in SEEDS)),
        _line(*["---"] * len(names), *["---:"] * len(SEEDS)),
    ]


def false_table(trials: int) -> list[str]:
    """Share of claims between equal variants that are shown or contradicted."""

    def row(name: str, diverging: float, words: tuple[str, ...], least: int, **page: Any) -> str:
        setting = page.pop("setting", SETTINGS[0])
        found = []
        for seeds in SEEDS:
            # Fewer than six pairs show nothing: there is little to measure.
            some = trials if seeds >= _ABLE else least
            found.append(shares(pages(setting, seeds, diverging, some, **page), words))
        return _line(name, f"{diverging:.0%}", *(f"{share:.1%}" for share in found))

    false, few = ("shown", "contradicted"), trials // 10
    lines = _head("claim", "runs that diverge")
    for setting in SETTINGS:
        for diverging in DIVERGING:
            lines.append(row(setting.name, diverging, false, few, setting=setting))
    for diverging in DIVERGING:
        lines.append(row("any of six on a page (end)", diverging, false, few, claims=6))
    edge = Setting("", expect="same", margin=0.1)
    name = '"same", where the difference is the margin'
    lines.append(row(name, 0.0, ("shown",), few, setting=edge, difference=0.1))
    lines.append(row('"consistent with" (end), no verdict', 0.0, ("consistent with",), trials))
    return lines


def power_table(trials: int) -> list[str]:
    """Share of true claims that are shown, alone and as one of a page's six."""
    lines = _head("difference", "claims")
    for name, difference, spread in EFFECTS:
        setting = Setting(name, spread=spread / np.sqrt(2))  # of each of the two
        for claims in (1, 6):
            found = []
            for seeds in SEEDS:
                some = trials if seeds >= _ABLE else trials // 10
                drawn = pages(setting, seeds, 0.0, some, claims=claims, difference=difference)
                found.append(shares(drawn, ("shown",), first=True))
            text = f"{name}: {difference:g} dB, spread {spread:g} dB"
            lines.append(_line(text, claims, *(f"{share:.0%}" for share in found)))
    return lines


def main() -> None:
    """Puts both tables into the documentation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000, help="pages of each cell")
    trials = parser.parse_args().trials
    text = [
        "Claims between equal variants with a false verdict (simulated, "
        f"{trials} pages a cell from 6 seeds on):",
        "",
        *false_table(trials),
        "",
        "True claims that are shown, alone on their page or beside five between equal variants;",
        "the spread is that of paired differences in the mini:",
        "",
        *power_table(trials // 2),
        "",
        f"`python -m benchmarks.verdicts`, {platform.machine()}, Python "
        f"{platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}.",
    ]
    before, rest = _DOCS.read_text().split(_FROM)
    after = rest.split(_TO)[1]
    _DOCS.write_text(before + _FROM + "\n".join(text) + "\n" + _TO + after)


if __name__ == "__main__":
    main()
