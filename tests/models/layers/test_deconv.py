"""Network Deconvolution, checked against its definition."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.export import export

from sr_experiments.models.layers import NetworkDeconv2d, fold_whitening
from sr_experiments.models.layers.deconv import inverse_sqrt
from tests.ranks import run_ranks


def smooth_input(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Correlated across channels and pixels, of mean 1."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(*shape, generator=generator, dtype=dtype)
    x = nn.functional.avg_pool2d(x, 2, 1) + 0.5 * x[..., 1:, 1:]
    return x + 0.3 * x.roll(1, dims=1) + 1


def layer(channels: int = 8, **options) -> NetworkDeconv2d:
    torch.manual_seed(0)
    defaults = {"kernel_size": 3, "padding": 1, "sampling_stride": 1, "block": 4, "n_iter": 15}
    return NetworkDeconv2d(channels, 5, **{**defaults, **options}).double()


@pytest.mark.parametrize(("channels", "block"), [(8, 8), (8, 4), (6, 4), (3, 64)])
def test_whitened_patches_have_identity_covariance(channels: int, block: int) -> None:
    conv = layer(channels, block=block)
    x = smooth_input(4, channels, 24, 24)
    mean, deconv = conv.statistics(x)
    white = (conv.patches(x) - mean) @ deconv
    cov = white.T @ white / len(white)
    # eps keeps the covariance of the weakest directions a little below 1.
    torch.testing.assert_close(cov, torch.eye(len(cov), dtype=cov.dtype), atol=2e-3, rtol=0)


def test_training_forward_equals_eigendecomposition() -> None:
    conv = layer()
    x = smooth_input(4, 8, 20, 20)
    rows = conv.patches(x)
    cov = rows.T.cov(correction=0) + conv.eps * torch.eye(rows.shape[1], dtype=rows.dtype)
    values, vectors = torch.linalg.eigh(cov)
    deconv = vectors @ values.rsqrt().diag() @ vectors.T
    # Entry f of a patch (channel-major) belongs to group f mod n_groups.
    patches = nn.functional.unfold(x, 3, padding=1).mT
    grouped = torch.stack([patches[..., g :: conv.n_groups] for g in range(conv.n_groups)])
    weight = conv.weight.flatten(1)
    filters = torch.stack([weight[:, g :: conv.n_groups] for g in range(conv.n_groups)])
    out = torch.einsum("gnld,de,goe->nol", grouped - rows.mean(0), deconv, filters)
    expected = out.unflatten(-1, x.shape[-2:]) + conv.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(conv(x), expected, atol=1e-6, rtol=1e-6)


def test_newton_schulz_converges_to_the_inverse_square_root() -> None:
    a = torch.randn(12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    matrix = a @ a.T + 0.1 * torch.eye(12, dtype=torch.float64)
    root = inverse_sqrt(matrix, 30)
    torch.testing.assert_close(root @ matrix @ root, torch.eye(12, dtype=torch.float64))


def test_eval_equals_train_on_the_batch_whose_statistics_it_holds() -> None:
    conv = layer(momentum=1.0)
    x = smooth_input(2, 8, 16, 16)
    trained = conv(x)
    assert conv.num_batches_tracked == 1
    torch.testing.assert_close(conv.eval()(x), trained)


def test_is_a_plain_convolution_before_the_first_batch() -> None:
    conv = layer().eval()
    x = smooth_input(1, 8, 9, 9)
    plain = nn.functional.conv2d(x, conv.weight, conv.bias, padding=1)
    torch.testing.assert_close(conv(x), plain)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("options", [{}, {"kernel_size": (1, 3), "padding": (0, 1), "stride": 2}])
def test_fold_equals_eval(bias: bool, options: dict) -> None:
    conv = layer(bias=bias, **options)
    conv(smooth_input(2, 8, 16, 17))
    network = nn.Sequential(conv, nn.ReLU()).eval()
    folded = fold_whitening(network)
    x = smooth_input(2, 8, 11, 13)
    assert type(folded[0]) is nn.Conv2d
    assert type(network[0]) is NetworkDeconv2d
    torch.testing.assert_close(folded(x), network(x))


def test_constant_shift_of_the_input_changes_nothing_in_training() -> None:
    conv = layer(padding=0, bias=False)
    x = smooth_input(2, 8, 16, 16)
    torch.testing.assert_close(conv(x + 3), conv(x))


def test_gradients() -> None:
    torch.manual_seed(0)
    conv = NetworkDeconv2d(2, 2, 2, block=1, n_iter=3, sampling_stride=1, eps=1e-2).double()
    x = smooth_input(2, 2, 5, 5).requires_grad_()
    assert torch.autograd.gradcheck(conv, (x,))
    assert torch.autograd.gradcheck(
        lambda w, b: torch.func.functional_call(conv, {"weight": w, "bias": b}, (x.detach(),)),
        (conv.weight, conv.bias),
    )


def test_statistics_stay_in_float32_under_autocast() -> None:
    conv = layer().float()
    x = smooth_input(2, 8, 16, 16, dtype=torch.float32)
    expected = conv(x)
    twin = layer().float()
    with torch.autocast("cpu", torch.bfloat16):
        out = twin(x)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(twin.running_deconv, conv.running_deconv)
    torch.testing.assert_close(out.float(), expected, atol=0.05, rtol=0.05)


def test_state_dict_holds_all_state() -> None:
    conv, other = layer(), layer()
    for seed in range(3):
        conv(smooth_input(2, 8, 16, 16) + seed)
    other.load_state_dict(conv.state_dict())
    x = smooth_input(1, 8, 9, 9)
    torch.testing.assert_close(other.eval()(x), conv.eval()(x))
    assert other.num_batches_tracked == 3


def test_export_and_compile_in_eval() -> None:
    conv = layer()
    x = smooth_input(1, 8, 9, 9)
    conv(x)
    conv.eval()
    torch.testing.assert_close(export(conv, (x,)).module()(x), conv(x))
    torch.testing.assert_close(torch.compile(conv, backend="eager", fullgraph=True)(x), conv(x))


def test_compile_in_training() -> None:
    x = smooth_input(2, 8, 9, 9)
    conv, twin = layer(), layer()
    compiled = torch.compile(conv, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), twin(x))
    torch.testing.assert_close(conv.running_deconv, twin.running_deconv)


def synchronised(rank: int, results: Path) -> None:
    torch.distributed.init_process_group("gloo")
    x = smooth_input(4, 8, 12, 12)
    conv = layer(sync=True)
    # Unequal shares: statistics are over pixels, not over ranks.
    out = conv(x[:1] if rank == 0 else x[1:])
    out.square().sum().backward()
    torch.distributed.all_reduce(conv.weight.grad)
    torch.save([out.detach(), conv.weight.grad, conv.running_deconv], results / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_synchronised_statistics_equal_one_process(tmp_path: Path) -> None:
    run_ranks(synchronised, tmp_path)
    (out0, grad, deconv), (out1, _, other) = (torch.load(tmp_path / f"{r}.pt") for r in (0, 1))
    conv = layer()
    expected = conv(smooth_input(4, 8, 12, 12))
    expected.square().sum().backward()
    torch.testing.assert_close(torch.cat([out0, out1]), expected)
    torch.testing.assert_close(grad, conv.weight.grad)
    torch.testing.assert_close(deconv, conv.running_deconv)
    torch.testing.assert_close(deconv, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": 0}, "block"),
        ({"n_iter": 0}, "n_iter"),
        ({"sampling_stride": 0}, "sampling_stride"),
        ({"momentum": 0.0}, "momentum"),
        ({"eps": -1.0}, "eps"),
    ],
)
def test_impossible_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layer(**options)


def test_block_becomes_a_divisor_of_the_channels() -> None:
    assert [layer(c, block=b).block for c, b in [(3, 64), (6, 4), (64, 16), (7, 4)]] == [
        3,
        2,
        16,
        1,
    ]
