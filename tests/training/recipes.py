"""Optimizers and schedules as the configuration makes them."""

from functools import partial

from sr_experiments.training.optimizers import make_optimizer
from sr_experiments.training.schedules import make_schedule

TORCH = "torch.optim.lr_scheduler"
sgd = partial(make_optimizer, kind="torch.optim.SGD")
adam = partial(make_optimizer, kind="torch.optim.Adam")
constant = partial(make_schedule, kind=f"{TORCH}.ConstantLR", factor=1.0)
step = partial(make_schedule, kind=f"{TORCH}.StepLR")
multistep = partial(make_schedule, kind=f"{TORCH}.MultiStepLR")
cosine = partial(
    make_schedule, kind=f"{TORCH}.CosineAnnealingLR", interval="step", length_option="T_max"
)
