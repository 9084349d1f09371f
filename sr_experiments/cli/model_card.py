"""What stands beside weights: what they are, where they come from, what they score."""

import json
from pathlib import Path

from sr_experiments.cli.config.check import Config
from sr_experiments.models import Network
from sr_experiments.models.cost import parameters
from sr_experiments.runs.run_files import read_config, read_overrides
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
        f"# {type(network).__name__}",
        "",
        f"- {parameters(network):,} parameters; scales {scales}",
        f"- input: {_input(network)}, float32 [B, {network.in_channels}, H, W] in [0, 1], any size",
        f"- the file differs from the trained network by at most {difference:.1e}",
        f"- options: `{json.dumps(config['model'])}`",
        f"- protocol: {config['protocol'].get('name')}",
        f"- use: `python predict.py weights={config['output']} input=photo.jpg output=large.png`"
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
    command = " ".join(["python train.py", *(read_overrides(run) or [])])
    lines += [
        f"- command: `{command}`",
        f"- data: {data.get('root')}, {data.get('train')}; licence: {_licence(data)}",
        f"- seed {trained.get('seed')}; loss, optimizer and schedule: "
        + "; ".join(f"`{json.dumps(trained.get(k))}`" for k in ("loss", "optim", "scheduler")),
        f"- state: {status.get('state')}, {float(status.get('seconds') or 0) / 3600:.2f} hours",
        "",
        "## Scores",
        "",
        "| metric | value |",
        "|---|---|",
    ]
    scores = {k: v for k, v in (status.get("metrics") or {}).items() if k.startswith("test/")}
    return "\n".join([*lines, *(f"| {k} | {v:.4f} |" for k, v in scores.items()), ""])


def _input(network: Network) -> str:
    kind = "Y (ITU-R BT.601, 16..235 / 255)" if network.in_channels == 1 else "RGB"
    return f"low-resolution {kind}" if network.upsamples else f"bicubic-interpolated {kind}"


def _licence(data: Config) -> str:
    named = f"{data.get('root')} {data.get('train')}"
    known = [text for name, text in _LICENCES.items() if name in named]
    return "; ".join(known) or "not known here; that of the images"
