"""What stands beside weights: what they are, where they come from, what they score."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from sr_experiments import pretrained
from sr_experiments.cli.config.check import Config
from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.published_table import published_lines
from sr_experiments.models import Network
from sr_experiments.models.cost import parameters
from sr_experiments.published import chosen_papers
from sr_experiments.runs.run_files import (
    ENVIRONMENT,
    RESULTS,
    read_config,
    read_overrides,
    read_record,
)
from sr_experiments.runs.status import read_status

_LICENCES = {
    "T91": "no explicit licence (Yang et al.; a classic research set)",
    "BSD": "no explicit licence (Berkeley; for research and education)",
    "DIV2K": "for academic research only",
    "Flickr2K": "for academic research only",
    "skimage": "freely licensed photographs of scikit-image",
}


def model_card(network: Network, config: Config, run: Path, difference: float) -> str:
    """The card in Markdown.

    Args:
        network: with its weights.
        config: of the command, with what the checkpoint brought.
        run: the folder of the run that it comes from, if it is one.
        difference: of the copy to the network, on values 0..1.
    """
    trained = read_config(run) or {}
    scales = ", ".join(f"{scale:g}" for scale in network.scales)
    lines = [
        f"# {Path(config['output']).stem}: {type(network).__name__}",
        "",
        *(f"{note}\n" for note in config["notes"]),
        f"- {parameters(network):,} parameters; scales {scales}",
        f"- input: {_input(network)}, float32 [B, {network.in_channels}, H, W] in [0, 1], any size",
        f"- {config['format']}, {config['dtype']}; differs from the trained network by at most "
        f"{difference:.1e} of 1",
        f"- options: `{json.dumps(config['model'])}`",
        f"- protocol: {config['protocol'].get('name')}",
        f"- use: `python predict.py weights={_name(config['output'])} input=a.jpg output=b.png`"
        if config["format"] == "safetensors"
        else "- use: by the runtime of the format; images are interpolated before, where noted",
        "",
        "## Training",
        "",
    ]
    if not trained:
        return "\n".join(
            [*lines, f"Not recorded: the weights come from `{config['weights']}`.", ""]
        )
    status, data = read_status(run), trained.get("data") or {}
    metrics = status.get("metrics") or {}
    hours = float(metrics.get("train/seconds") or status.get("seconds") or 0) / 3600
    typed = [each for each in read_overrides(run) or [] if not each.startswith("ckpt_path=")]
    command = " ".join(["python train.py", *typed])
    lines += [
        f"- command: `{command}`",
        f"- data: {data.get('root')}, {data.get('train')}; licence: {_licence(data)}",
        f"- seed {trained.get('seed')}; loss, optimizer and schedule: "
        + "; ".join(f"`{json.dumps(trained.get(k))}`" for k in ("loss", "optim", "scheduler")),
        f"- state: {status.get('state')}, {hours:.2f} hours of training",
        *_commit(run),
        "",
        "## Scores",
        "",
        *_scores(run, metrics),
        *_published(run, config),
    ]
    return "\n".join([*lines, ""])


def _name(output: str) -> str:
    """How the file is named to ``weights=``: by its path, or as one that comes with the package."""
    path = Path(output)
    return path.stem if path.resolve().parent == pretrained.FOLDER.resolve() else output


def _commit(run: Path) -> list[str]:
    git = (read_record(run / ENVIRONMENT) or {}).get("git")
    return [f"- commit: {git}"] * bool(git)


def _scores(run: Path, metrics: Mapping[str, float]) -> list[str]:
    """A table of the run's scores on its test sets."""
    rows = _rows(run)
    if not rows:
        scores = {k: v for k, v in metrics.items() if k.startswith("test/")}
        return [
            "| metric | value |",
            "|---|---|",
            *(f"| {k} | {v:.4f} |" for k, v in scores.items()),
        ]
    head = "| set | scale | images | bicubic PSNR | SSIM | PSNR | SSIM |"
    return [head, "|---|---|---|---|---|---|---|"] + [
        f"| {r.benchmark} | x{r.scale:g} | {r.images} | {r.bicubic_psnr:.3f} | "
        f"{r.bicubic_ssim:.4f} | {r.psnr:.3f} | {r.ssim:.4f} |"
        for r in rows
    ]


def _rows(run: Path) -> list[Row]:
    """What ``results.csv`` of a run holds; none where there is none."""
    if not (run / RESULTS).is_file():
        return []
    with (run / RESULTS).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    rows = []
    for line in lines:
        psnr, ssim = float(line["psnr"]), float(line["ssim"])
        bicubic = float(line["bicubic_psnr"]), float(line["bicubic_ssim"])
        place = line["benchmark"], float(line["scale"]), int(line["images"])
        rows.append(Row(*place, psnr, ssim, *bicubic))
    return rows


def _published(run: Path, config: Config) -> list[str]:
    """A table of what papers print for the sets and scales that the run was scored on."""
    channel = config["protocol"].get("channel", "y")
    lines = list(published_lines(_rows(run), channel, chosen_papers(config["published"])))
    if not lines:
        return []
    head = "| set | scale | method | PSNR | SSIM | published in |"
    table = [f"| {' | '.join(line)} |" for line in lines]
    return [
        "",
        "Published, with networks, data and training of their own:",
        "",
        head,
        "|---|---|---|---|---|---|",
        *table,
    ]


def _input(network: Network) -> str:
    kind = "Y (ITU-R BT.601, 16..235 / 255)" if network.in_channels == 1 else "RGB"
    return f"low-resolution {kind}" if network.upsamples else f"bicubic-interpolated {kind}"


def _licence(data: Config) -> str:
    named = f"{data.get('root')} {data.get('train')}"
    known = [text for name, text in _LICENCES.items() if name in named]
    return "; ".join(known) or "not known here; that of the images"
