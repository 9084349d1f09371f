"""Reports to show: a realistic one and one with nothing in it."""

import copy

from sr_experiments.report.content import Content
from sr_experiments.studies.verdict import MEANING
from tests.report.sample_curves import metric
from tests.report.sample_pictures import picture
from tests.report.sample_runs import SEEDS, VARIANTS, run_line, variant
from tests.report.sample_tables import CLAIMS, STATISTICS, results


def sample_content() -> Content:
    """A study of four variants and three seeds, one of whose runs diverged."""
    return Content(
        title="VDSR Table 1: residual against non-residual networks",
        lead="Does a global skip connection make a network of ten layers converge faster and end "
        "higher, on Set5 x2, at learning rates of 0.1 and 0.01?",
        created="2026-11-21T11:08:21+00:00",
        notes=[
            "One of twelve runs diverged (non-residual, lr 0.1, seed 2); its values are left out.",
            "One run is still going (non-residual, lr 0.01, seed 2).",
        ],
        claims=copy.deepcopy(CLAIMS),
        claims_note=MEANING,
        variants=[variant(key) for key in VARIANTS],
        metrics=[
            metric("val/set5_x2/psnr_y", "PSNR on Set5 x2 (Y), dB", "higher"),
            metric("train/loss", "training loss", "lower"),
        ],
        results=results(),
        statistics=copy.deepcopy(STATISTICS),
        statistics_note="Intervals: Student's t, 95 %. Target: 36.50 dB on Set5 x2.",
        pairs=["residual, lr 0.1 is 9.48 ± 0.45 dB above non-residual, lr 0.1 (3 seeds)."],
        pictures=[picture("set5 butterfly x2", 48, 36), picture("set5 woman x2", 40, 40)],
        runs=[run_line(key, seed) for key in VARIANTS for seed in range(SEEDS)],
        common={"model": "vdsr", "model.depth": "10", "data": "t91", "trainer.max_epochs": "20"},
        environment={
            "commit": "0f2a08f",
            "python": "3.11.9",
            "torch": "2.9.0",
            "cpu": {"name": "a processor with a long name", "cores": 2},
        },
        commands=[
            "python train.py -m experiment=vdsr_mini model.residual=true,false "
            "optim.lr=0.1,0.01 seed=0,1,2",
            "python report.py runs=[multirun_sweeps/train/2026-11-21_10-12-03]",
        ],
    )


def empty_content() -> Content:
    """A report of a sweep of which nothing has run yet."""
    return Content(
        title="Nothing yet",
        lead="",
        created="not a date",
        notes=[],
        claims=[],
        claims_note="",
        variants=[],
        metrics=[],
        results=None,
        statistics=[],
        statistics_note="",
        pairs=[],
        pictures=[],
        runs=[],
        common={},
        environment={},
        commands=[],
    )
