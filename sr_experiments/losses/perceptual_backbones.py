"""Frozen feature extractors from torchvision's networks."""

import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from sr_experiments.errors import CheckpointError
from sr_experiments.weight_file import read_weight_file


@dataclass(frozen=True)
class Backbone:
    """How features are taken from one of torchvision's networks.

    Attributes:
        layer: its last feature map.
        weights: member of its torchvision weights; the first recipe where there are several, since
            published perceptual losses used that one.
        trunk: attribute that holds the convolutional part; "" where it is the network itself.
        min_size: smallest side of an input that leaves a feature map.
        options: further arguments of torchvision's constructor.
    """

    layer: str
    weights: str = "IMAGENET1K_V1"
    trunk: str = ""
    min_size: int = 32
    options: tuple[tuple[str, Any], ...] = ()


_NO_BACKBONE = (("weights_backbone", None),)
BACKBONES = {
    "vgg16": Backbone("relu5_3"),
    "vgg16_bn": Backbone("relu5_3"),
    "vgg19": Backbone("relu5_4"),
    "resnet152": Backbone("layer4"),
    "densenet201": Backbone("relu"),  # behind features.norm5
    "resnext101_32x8d": Backbone("layer4"),
    "wide_resnet101_2": Backbone("layer4"),
    # transform_input maps ImageNet's normalisation to the one that the network was trained with.
    "inception_v3": Backbone(
        "Mixed_7c", min_size=75, options=(("transform_input", True), ("init_weights", True))
    ),
    "squeezenet1_0": Backbone("features.12"),
    "fcn_resnet101": Backbone("layer4", "COCO_WITH_VOC_LABELS_V1", "backbone", 32, _NO_BACKBONE),
    "deeplabv3_resnet101": Backbone(
        "layer4", "COCO_WITH_VOC_LABELS_V1", "backbone", 32, _NO_BACKBONE
    ),
    "maskrcnn_resnet50_fpn": Backbone("body.layer4", "COCO_V1", "backbone", 32, _NO_BACKBONE),
}


def feature_extractor(
    name: str, weights: str | None, layers: Iterable[str]
) -> tuple[fx.GraphModule, list[str]]:
    """A frozen network that returns feature maps, cut behind the last one that is wanted.

    Args:
        name: key of `BACKBONES`.
        weights: "DEFAULT": torchvision's, downloaded once; a file in torchvision's naming; None:
            random ones, the same in every run.
        layers: graph nodes, or names of VGG's layers as conv5_4, relu5_4 and pool5.

    Returns:
        the extractor, whose output maps node names to [B, C, h, w], and the node names.

    Raises:
        ValueError: there is no such backbone or layer; the message lists those that there are.
        CheckpointError: the weights cannot be had, or do not fit.
    """
    if name not in BACKBONES:
        raise ValueError(f"backbone must be one of {', '.join(BACKBONES)}, got {name!r}")
    backbone = BACKBONES[name]
    # Only the layers that are kept are ever filled, with the tensors of the file.
    with torch.random.fork_rng(devices=[]), torch.device("meta" if weights else "cpu"):
        torch.manual_seed(0)
        network = get_model(name, weights=None, **dict(backbone.options))
    trunk = getattr(network, backbone.trunk) if backbone.trunk else network
    trunk.eval()
    nodes = _nodes(name, trunk, layers)
    extractor = _cut(trunk, nodes)
    if weights:
        _fill(extractor, _read(name, backbone, weights), backbone.trunk, f"{name} of {weights}")
    if weights and name.startswith("maskrcnn"):
        for layer in extractor.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eps = 0.0  # as the frozen layers that these weights were trained with
    return extractor.eval().requires_grad_(False), nodes


def normalisation(name: str) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the inputs of a backbone, [1, 3, 1, 1], for RGB in [0, 1]."""
    preset: Any = _member(name, BACKBONES[name]).transforms()
    # Detection networks normalise inside, by ImageNet's numbers too.
    numbers = (getattr(preset, "mean", _IMAGENET[0]), getattr(preset, "std", _IMAGENET[1]))
    mean, std = (torch.tensor(n, dtype=torch.float32).view(1, 3, 1, 1) for n in numbers)
    return mean, std


_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _member(name: str, backbone: Backbone) -> WeightsEnum:
    return get_model_weights(name)[backbone.weights]


def _nodes(name: str, trunk: nn.Module, layers: Iterable[str]) -> list[str]:
    aliases = _vgg_names(trunk.features) if name.startswith("vgg") else {}
    nodes = get_graph_node_names(trunk)[1][1:]  # the first one is the input
    parts = [node.split(".") for node in nodes]
    valid = {".".join(p[:i]) for p in parts for i in range(1, len(p) + 1)}
    for layer in layers:
        if layer not in valid and layer not in aliases:
            short = [*aliases, *dict.fromkeys(".".join(p[:2]) for p in parts)]
            near = get_close_matches(layer, [*aliases, *valid], n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(
                f"layer must be a layer of {name}, got {layer!r}{hint}; valid are {' '.join(short)}"
            )
    return [aliases.get(layer, layer) for layer in layers]


def _vgg_names(features: Any) -> dict[str, str]:
    """The papers' names: convI_J before, reluI_J behind the J-th activation before pool I."""
    kinds = {nn.Conv2d: "conv", nn.BatchNorm2d: "bn", nn.ReLU: "relu", nn.MaxPool2d: "pool"}
    names, block, conv = {}, 1, 0
    for i, layer in enumerate(features):
        kind = kinds[type(layer)]
        conv += kind == "conv"
        names[f"pool{block}" if kind == "pool" else f"{kind}{block}_{conv}"] = f"features.{i}"
        if kind == "pool":
            block, conv = block + 1, 0
    return names


def _cut(trunk: nn.Module, nodes: list[str]) -> fx.GraphModule:
    dual = create_feature_extractor(trunk, list(dict.fromkeys(nodes)), suppress_diff_warning=True)
    extractor = fx.GraphModule(dual.eval(), dual.graph)
    # Nothing in place, or a layer's features would be overwritten by its activation.
    for layer in extractor.modules():
        if getattr(layer, "inplace", False):
            layer.inplace = False  # type: ignore[assignment]
    for node in extractor.graph.nodes:
        if "inplace" in node.kwargs:
            node.kwargs = {**node.kwargs, "inplace": False}
        if node.target is operator.iadd:
            node.target = operator.add
    extractor.recompile()
    return extractor


def _read(name: str, backbone: Backbone, weights: str) -> Mapping[str, Tensor]:
    if weights == "DEFAULT":
        return _download(name, _member(name, backbone))
    path = Path(weights)
    if not path.exists():
        raise CheckpointError(
            f"weights of {name}: there is no file {path}; give a file in torchvision's naming, "
            "DEFAULT to download torchvision's, or null for random ones"
        )
    state = read_weight_file(path)
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{path}: holds no weights by name, as torchvision's files do")
    return state


def _download(name: str, member: WeightsEnum) -> Mapping[str, Tensor]:
    try:
        return cast(Mapping[str, Tensor], member.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        size = f"{member.meta['_file_size']:.0f} MB"
        raise CheckpointError(
            f"the weights of {name} are not on this machine and cannot be downloaded ({error}); "
            f"fetch {member.url} ({size}) elsewhere and put it to "
            f"{folder / Path(member.url).name}, or give a file with weights=PATH, or take random "
            "weights with weights=null"
        ) from None


def _fill(extractor: nn.Module, state: Mapping[str, Tensor], trunk: str, source: str) -> None:
    prefix = f"{trunk}." if trunk else ""
    # Old files of DenseNet write norm.1 for norm1.
    named = {
        re.sub(r"(denselayer\d+\.(?:norm|relu|conv))\.(?=[12]\.)", r"\1", k): v
        for k, v in state.items()
    }
    wanted = {}
    for key, empty in extractor.state_dict().items():
        found = named.get(prefix + key)
        if found is None and key.endswith("num_batches_tracked"):
            found = torch.tensor(0)  # old files lack this count, which nothing here reads
        if found is None or found.shape != empty.shape:
            shape = "is missing" if found is None else f"has the shape {list(found.shape)}"
            raise CheckpointError(f"the weights of {source} do not fit: {prefix + key} {shape}")
        wanted[key] = found
    extractor.load_state_dict(wanted, assign=True)
