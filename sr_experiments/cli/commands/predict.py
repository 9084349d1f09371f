"""``python predict.py``: restores photographs, one or a whole tree of them."""

import sys
from pathlib import Path
from typing import Literal

import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sr_experiments.cli.as_trained import say
from sr_experiments.cli.config.check import Config, check_type
from sr_experiments.cli.devices import silence_warnings, torch_device
from sr_experiments.cli.photos import Job, find_photos
from sr_experiments.cli.subject import load_subject
from sr_experiments.errors import ConfigError, UserError
from sr_experiments.files import writing_to
from sr_experiments.imaging.photo import Photo, load_photo
from sr_experiments.imaging.save_photo import holds_16_bits, holds_alpha, losses, photo_file
from sr_experiments.inference import Upscaler
from sr_experiments.inference.bicubic import Bicubic
from sr_experiments.inference.tiled import OnTile, TiledUpscaler
from sr_experiments.memory import parse_memory
from sr_experiments.models import Network
from sr_experiments.models.layers import fold_whitening
from sr_experiments.terminal import Progress

_DRIFT = 1e-3  # of averages over the image, relative to their spread, that is worth a word


def predict(composed: DictConfig) -> None:
    """Restores what ``input`` names into ``output``; exits with 1 if some could not be.

    Raises:
        ConfigError: a key is wrong, or there are no photographs.
        CheckpointError: the weights cannot be read or do not fit.
        DiskFullError: there is no space for a result.
    """
    check_type("weights", composed.weights, str)
    check_type("format", composed.format, Literal["png", "jpg", "tif", "webp"])
    network, config, remarks = load_subject(
        composed, str(composed.weights), HydraConfig.get().overrides.task
    )
    say(remarks)
    scale = chosen_scale(network, config["scale"])
    jobs, done = find_photos(config)
    if done:
        print(f"{done} exist already and are skipped; overwrite=true makes them again", flush=True)
    restore = make_restorer(network, config, scale)
    failures: list[str] = []
    with Progress(sum(job.pixels for job in jobs)) as progress:
        for job in jobs:
            try:
                with writing_to(job.target, "output=..."):
                    progress.say(restore_photo(job, restore, progress.advance))
            except UserError as error:
                if error.kind == "disk_full":
                    raise
                failures.append(str(error))
                progress.advance(job.pixels)
    if failures:
        for line in [f"{len(failures)} of {len(jobs)} failed:"] * (len(jobs) > 1) + failures:
            print(f"error: {line}", file=sys.stderr)
        sys.exit(1)


def chosen_scale(network: Network, scale: float | None) -> float:
    """The scale of the results.

    Args:
        network: which may be made for others.
        scale: that was asked for; None: the network's, if it has one.

    Raises:
        ConfigError: it has several, or cannot do this one.
    """
    name, bicubic = type(network).__name__, isinstance(network, Bicubic)
    made_for = ", ".join(f"{s:g}" for s in network.scales)
    if scale is None:
        if len(network.scales) != 1 or bicubic:
            several = "" if bicubic else f"; {name} is made for {made_for}"
            raise ConfigError(f"scale: needs a value; give it as scale=2{several}")
        return network.scales[0]
    if not 1 <= scale <= 64:
        raise ConfigError(f"scale: must be from 1 to 64, got {scale:g}")
    if network.upsamples and scale not in network.scales:
        raise ConfigError(
            f"scale: these weights of {name} enlarge x{made_for}, not x{scale:g}; give "
            f"scale={made_for}, or weights for x{scale:g}"
        )
    if scale not in network.scales and not bicubic:
        say([f"note: {name} is made for the scales {made_for}; x{scale:g} is new to it"])
    return scale


def make_restorer(network: Network, config: Config, scale: float) -> TiledUpscaler:
    """What restores photographs by the configuration.

    Raises:
        ConfigError: there is no such device, or ``memory`` is no amount.
    """
    silence_warnings()
    device = torch_device(config["device"])
    budget = None if config["memory"] is None else parse_memory(str(config["memory"]))
    as_trained = config["degradation"].get("resize") == "uint8"
    folded = fold_whitening(network).to(device)
    if config["device"].get("channels_last"):
        folded = folded.to(memory_format=torch.channels_last)
    upscaler = Upscaler(folded, config["ensemble"], config["protocol"]["border"], as_trained)
    return TiledUpscaler(upscaler, scale, budget, device)


def restore_photo(job: Job, restore: TiledUpscaler, advance: OnTile) -> str:
    """Restores one photograph; what was done, in a line.

    Args:
        job: from where, to where.
        restore: the restorer.
        advance: is told the pixels of each part that is done.

    Raises:
        UserError: it cannot be read, restored or written.
    """
    photo = load_photo(job.source)
    lost = losses(job.target, photo)
    photo = fitted(photo, job.target)
    size = restore.result_size(photo.colour)
    # Formats but PNG are written as a whole, which Pillow copies.
    rows = 1 if job.target.suffix.lower() == ".png" else 3
    held = rows * size[0] * size[1] * 4 * photo.colour.itemsize if rows > 1 else 0
    plan = restore.plan(photo.colour, photo.alpha, held)
    with photo_file(job.target, photo, size) as write:
        for part in restore(photo.colour, photo.alpha, plan, advance):
            write(part)
    remarks = [f"{plan.tiles} tiles"] * (plan.tiles > 1) + lost + [plan.remark] * bool(plan.remark)
    if restore.change > _DRIFT:
        name = type(restore.upscaler.network).__name__
        remarks.append(
            f"{name} averages over the whole image, and in tiles its averages are "
            f"{restore.change:.1%} off: more memory is more exact"
        )
    height, width = photo.colour.shape[-2:]
    words = f"{job.target}: {width} x {height} -> {size[1]} x {size[0]}"
    return f"{words} ({'; '.join(remarks)})" if remarks else words


def fitted(photo: Photo, target: Path) -> Photo:
    """What the format of a file can hold of a photograph."""
    alpha = photo.alpha if holds_alpha(target) else None
    if photo.colour.dtype != torch.uint16 or holds_16_bits(target):
        return Photo(photo.colour, alpha, photo.exif, photo.icc)
    alpha = None if alpha is None else _in_8_bits(alpha)
    return Photo(_in_8_bits(photo.colour), alpha, photo.exif, photo.icc)


def _in_8_bits(x: torch.Tensor) -> torch.Tensor:
    return ((x.to(torch.int32) + 128) // 257).byte()
