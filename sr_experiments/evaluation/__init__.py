"""Benchmark sets x scales x protocol."""

from sr_experiments.evaluation.benchmark import BenchmarkScore, Row
from sr_experiments.evaluation.protocol import NAMED, Protocol

__all__ = ["NAMED", "BenchmarkScore", "Protocol", "Row"]
