"""RED-Net's wiring, written out layer by layer."""

import pytest
import torch
from torch.nn.functional import conv2d, conv_transpose2d, relu

from sr_experiments.models import REDNet


def test_wiring_of_the_released_red30() -> None:
    torch.manual_seed(0)
    network = REDNet((1,), depth=30, channels=4)
    x = torch.rand(1, 1, 9, 8)
    c = [x]
    for layer in network.encoder:
        c.append(relu(conv2d(c[-1], layer.weight, layer.bias, padding=1)))
    partner = {1: 14, 3: 12, 5: 10, 7: 8, 9: 6, 11: 4, 13: 2}
    d = c[15]
    for j, layer in enumerate(network.decoder, start=1):
        d = conv_transpose2d(d, layer.weight, layer.bias, padding=1)
        if j < 15:
            d = relu(d)
        if j in partner:
            d = relu(d + c[partner[j]])
    torch.testing.assert_close(network(x), x + d)


@pytest.mark.parametrize(("depth", "partners"), [(10, [3, 1]), (20, [8, 6, 4, 2])])
def test_skips_join_mirrored_layers(depth: int, partners: list[int]) -> None:
    """Cutting the deep path leaves just the skips: switch layers off to see where they enter."""
    network = REDNet((1,), depth=depth, channels=4)
    half = depth // 2
    entered = [half - i for i in range(1, half) if i % network.skip_interval == 0]
    assert entered == partners
    for j in range(1, half):
        torch.manual_seed(0)
        for layer in network.decoder:
            torch.nn.init.ones_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
        # A hugely negative bias silences layer j: only a skip that enters there or later gets by.
        torch.nn.init.constant_(network.decoder[j - 1].bias, -1e30)
        silent = torch.equal(network(torch.ones(1, 1, 6, 6)), torch.ones(1, 1, 6, 6))
        later_skips = any(k >= j for k in partners)
        assert silent is not later_skips


def test_a_dead_last_layer_returns_the_input() -> None:
    network = REDNet((1,), depth=10, channels=4)
    torch.nn.init.zeros_(network.decoder[-1].weight)
    x = torch.rand(1, 1, 7, 7)
    torch.testing.assert_close(network(x), x)


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (8, 9), (11, 7)])
def test_stride_keeps_the_size(size: tuple[int, int]) -> None:
    network = REDNet((1,), depth=6, channels=4, stride=2)
    assert network(torch.rand(1, 1, *size)).shape[-2:] == size


def test_without_residual_the_image_is_not_added() -> None:
    torch.manual_seed(0)
    plain = REDNet((1,), depth=6, channels=4)
    bare = REDNet((1,), depth=6, channels=4, residual=False)
    bare.load_state_dict(plain.state_dict())
    x = torch.rand(1, 1, 7, 7)
    torch.testing.assert_close(bare(x) + x, plain(x))
