"""Network Deconvolution: a convolution that first decorrelates its input."""

import copy
from math import gcd
from typing import Any, TypeVar

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

ModuleT = TypeVar("ModuleT", bound=nn.Module)


class NetworkDeconv2d(nn.Conv2d):
    """Network Deconvolution (Ye et al., ICLR 2020), a drop-in for `nn.Conv2d`.

    Every input patch x is replaced by D (x - mean), D = (Cov + eps I)^(-1/2), before the filters
    see it. Because this is linear, D goes into the weights and the mean into the bias, and one
    ordinary convolution remains. The zeros of the padding count as pixels of the patches.

    The k^2 C entries of a patch are split into C / block interleaved groups, which share one D of
    side k^2 block: groups keep the estimate well-determined and cheap.

    Args:
        in_channels: as in `nn.Conv2d`.
        out_channels: as in `nn.Conv2d`.
        kernel_size: as in `nn.Conv2d`.
        stride: as in `nn.Conv2d`.
        padding: as in `nn.Conv2d`, in pixels.
        dilation: as in `nn.Conv2d`.
        bias: as in `nn.Conv2d`; without it the mean is still taken off.
        block: channels per group, reduced to a divisor of `in_channels`. The paper's classifiers
            use 64; on the small patches of super-resolution that costs three times the
            convolution itself, 16 a third of it.
        eps: added to the covariance's diagonal.
        n_iter: Newton-Schulz iterations; 5 whiten only well-conditioned features, image patches
            take about 15.
        momentum: weight of the newest batch in the running mean and the running D.
        sampling_stride: take every n-th patch per axis for the statistics.
        sync: in training, statistics over the batches of all `torch.distributed` ranks.

    Shapes:
        [B, in_channels, H, W] -> [B, out_channels, H', W'].

    Raises:
        ValueError: an option is out of range.
    """

    running_mean: Tensor
    running_deconv: Tensor
    num_batches_tracked: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        bias: bool = True,
        block: int = 16,
        eps: float = 1e-5,
        n_iter: int = 5,
        momentum: float = 0.1,
        sampling_stride: int = 3,
        sync: bool = False,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, bias=bias
        )
        if min(block, n_iter, sampling_stride) < 1:
            raise ValueError(
                "block, n_iter and sampling_stride must be at least 1, "
                f"got {block}, {n_iter} and {sampling_stride}"
            )
        if eps < 0 or not 0 < momentum <= 1:
            raise ValueError(f"eps must be >= 0 and momentum in (0, 1], got {eps} and {momentum}")
        self.block = in_channels if block >= in_channels else gcd(block, in_channels)
        self.eps, self.n_iter, self.momentum = eps, n_iter, momentum
        self.sampling_stride, self.sync = sampling_stride, sync
        self.n_groups = in_channels // self.block
        side = self.block * self.kernel_size[0] * self.kernel_size[1]
        self.register_buffer("running_mean", torch.zeros(side))
        self.register_buffer("running_deconv", torch.eye(side))
        self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.long))

    def forward(self, x: Tensor) -> Tensor:
        # Inverse square roots do not survive half precision, whatever autocast says.
        with torch.autocast(x.device.type, enabled=False):
            if self.training:
                mean, deconv = self.statistics(x)
                self._track(mean, deconv)
            else:
                mean, deconv = self.running_mean, self.running_deconv
            weight, bias = self._whitened(mean, deconv)
        if not torch.is_autocast_enabled(x.device.type):
            weight, bias = weight.to(x.dtype), bias.to(x.dtype)
        return F.conv2d(x, weight, bias, self.stride, self.padding, self.dilation)

    def patches(self, x: Tensor) -> Tensor:
        """The sampled patches of x, one group of one patch a row: [rows, k^2 block]."""
        x = x.to(_statistics_dtype(x))
        stride = tuple(self.sampling_stride * s for s in self.stride)
        padding: Any = self.padding
        columns = F.unfold(x, self.kernel_size, self.dilation, padding, stride)
        return columns.mT.reshape(-1, self.running_mean.numel(), self.n_groups).mT.flatten(0, 1)

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean [d] and D [d, d] of the batch's patches, d = k^2 block."""
        rows = self.patches(x)
        count = rows.new_full((1,), rows.shape[0])
        total = self._over_ranks(torch.cat([rows.sum(0), count]))
        mean = total[:-1] / total[-1]
        centred = rows - mean
        cov = self._over_ranks(centred.T @ centred) / total[-1]
        eye = torch.eye(len(cov), dtype=cov.dtype, device=cov.device)
        return mean, inverse_sqrt(cov + self.eps * eye, self.n_iter)

    def fold(self) -> nn.Conv2d:
        """The plain convolution that this layer is in eval mode."""
        conv = nn.Conv2d(
            self.in_channels,
            self.out_channels,
            self.kernel_size,  # type: ignore[arg-type]
            self.stride,  # type: ignore[arg-type]
            self.padding,  # type: ignore[arg-type]
            self.dilation,  # type: ignore[arg-type]
            device=self.weight.device,
            dtype=self.weight.dtype,
        )
        weight, bias = self._whitened(self.running_mean, self.running_deconv)
        conv.load_state_dict({"weight": weight.detach(), "bias": bias.detach()})
        return conv.train(self.training)

    def _whitened(self, mean: Tensor, deconv: Tensor) -> tuple[Tensor, Tensor]:
        """Weights and biases with D and the mean worked in."""
        dtype = _statistics_dtype(self.weight)
        mean, deconv = mean.to(dtype), deconv.to(dtype)
        split = self.weight.to(dtype).reshape(self.out_channels, -1, self.n_groups)
        weight = split.mT @ deconv
        shift = (weight @ mean).sum(1)
        bias = -shift if self.bias is None else self.bias.to(dtype) - shift
        return weight.mT.reshape(self.weight.shape), bias

    @torch.no_grad()
    def _track(self, mean: Tensor, deconv: Tensor) -> None:
        self.running_mean.lerp_(mean.detach().to(self.running_mean.dtype), self.momentum)
        self.running_deconv.lerp_(deconv.detach().to(self.running_deconv.dtype), self.momentum)
        self.num_batches_tracked.add_(1)

    def _over_ranks(self, x: Tensor) -> Tensor:
        if self.sync and dist.is_available() and dist.is_initialized():
            summed: Tensor = _SumOverRanks.apply(x)
            return summed
        return x


def inverse_sqrt(matrix: Tensor, n_iter: int) -> Tensor:
    """matrix^(-1/2) of a symmetric positive definite [d, d] by coupled Newton-Schulz iterations."""
    norm = matrix.norm()
    eye = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    y, z = matrix / norm, eye
    for _ in range(n_iter):
        t = 1.5 * eye - 0.5 * z @ y
        y, z = y @ t, t @ z
    root: Tensor = z / norm.sqrt()
    return root


def fold_whitening(network: ModuleT) -> ModuleT:
    """A copy of a network for inference, every `NetworkDeconv2d` folded into a plain one."""
    folded = copy.deepcopy(network)
    for parent in list(folded.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, NetworkDeconv2d):
                setattr(parent, name, child.fold())
    return folded


def _statistics_dtype(x: Tensor) -> torch.dtype:
    return torch.float64 if x.dtype == torch.float64 else torch.float32


class _SumOverRanks(torch.autograd.Function):
    """Sum over ranks; every rank's loss depends on the sum, so gradients add up as well."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].clone()
        dist.all_reduce(total)
        return total
