"""What a comparison says about a claim."""

from dataclasses import dataclass
from typing import Literal

from sr_experiments.studies.comparison import Comparison
from sr_experiments.studies.speed import Speed


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict, and why in one or two sentences."""

    verdict: Literal["supports", "contradicts", "cannot tell"]
    words: str


def judge(
    expect: str,
    comparison: Comparison | Speed,
    margin: float = 0.0,
    *,
    names: tuple[str, str] = ("a", "b"),
    unit: str = "",
    verb: str = "ends",
) -> Judgement:
    """Holds a comparison against what was expected of it."""
    raise NotImplementedError
