"""Benchmark sets x scales x protocol."""

from sr_experiments.evaluation.benchmark import BenchmarkScore, Row
from sr_experiments.evaluation.protocol import Protocol

__all__ = ["BenchmarkScore", "Protocol", "Row"]
