"""The runs of the sample: four variants of three seeds; one diverged, one is running."""

from sr_experiments.report.content import RunLine, VariantLine

SEEDS = 3
#: Name, final PSNR, epochs needed, epochs between two validations.
VARIANTS = {
    "residual_0.1": ("residual, lr 0.1", 36.9, 3.0, 2),
    "residual_0.01": ("residual, lr 0.01", 36.7, 6.0, 2),
    "plain_0.1": ("non-residual, lr 0.1", 27.4, 9.0, 2),
    "plain_0.01": ("non-residual, lr 0.01", 30.3, 12.0, 5),
}


def _diverged(key: str, seed: int) -> bool:
    return key == "plain_0.1" and seed == 2


def _state(key: str, seed: int) -> str:
    if key == "plain_0.01" and seed == 2:
        return "running"
    return "diverged" if _diverged(key, seed) else "finished"


def variant(key: str) -> VariantLine:
    states = [_state(key, seed) for seed in range(SEEDS)]
    kind, rate = key.split("_")
    return {
        "id": key,
        "name": VARIANTS[key][0],
        "values": {"model.residual": str(kind == "residual").lower(), "optim.lr": rate},
        "seeds": states.count("finished"),
        "states": {state: states.count(state) for state in sorted(set(states))},
    }


def run_line(key: str, seed: int) -> RunLine:
    place = list(VARIANTS).index(key) * SEEDS + seed
    return {
        "variant": key,
        "seed": str(seed),
        "state": _state(key, seed),
        "error": "the loss is not finite in step 27" if _diverged(key, seed) else "",
        "seconds": 200.0 + 13 * seed,
        "folder": f"multirun_sweeps/train/2026-11-21_10-12-03/{place}",
    }
