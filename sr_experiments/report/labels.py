"""Metrics and values for people."""

import math
import re

_SETS = {"held_out": "held-out images"}


def is_decibel(metric: str) -> bool:
    """Whether values are in dB."""
    return metric.rpartition("/")[2].startswith(("psnr", "gain"))


def digits(metric: str) -> int:
    """Decimals of its values."""
    return 2 if is_decibel(metric) else 4


def label(metric: str) -> str:
    """A metric for people: "val/set5_x2/psnr_y" is "PSNR on Set5 x2 (Y), dB"."""
    stage, *middle, last = metric.split("/")
    kind, _, channel = last.partition("_")
    known = {"psnr": "PSNR", "ssim": "SSIM", "gain": "PSNR above bicubic", "lpips": "LPIPS"}
    words = [known.get(kind, last)]
    if middle and (match := re.fullmatch(r"(.+)_x([\d.]+)", middle[0])):
        images = f"{match[1][:1].upper()}{match[1][1:]}"
        words.append(f"on {_SETS.get(match[1], images)} x{match[2]}")
    elif middle:
        words.append(f"on {'/'.join(middle)}")
    if stage == "train":
        words.insert(0, "training")
    elif not middle and stage in ("val", "test"):
        words.append("over all sets" if stage == "test" else "over the validation sets")
    if channel in ("y", "rgb"):
        words.append(f"({channel.upper()})")
    return " ".join(words) + (", dB" if is_decibel(metric) else "")


def number(value: float) -> float | None:
    """A value as JSON knows it: nothing in place of NaN and infinity, and no needless digits."""
    return float(f"{value:.7g}") if math.isfinite(value) else None
