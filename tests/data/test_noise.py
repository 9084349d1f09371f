import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sr_experiments.imaging.noise import gaussian, mix, uniform


def splitmix64(state: int) -> int:
    """One output of the reference implementation, in Python's own integers."""
    mask = 2**64 - 1
    z = state & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


@given(st.integers(-(2**63), 2**63 - 1))
def test_mix_is_splitmix64(number: int) -> None:
    assert int(mix(torch.tensor([number]))) % 2**64 == splitmix64(number)


def test_gaussian_is_standard_normal() -> None:
    field = gaussian(torch.arange(16), (1, 128, 128)).double().flatten()
    assert stats.kstest(field.numpy(), "norm").pvalue > 0.01
    assert abs(field.mean()) < 0.01
    assert abs(field.std() - 1) < 0.01
    neighbours = torch.corrcoef(torch.stack([field[:-1], field[1:]]))[0, 1]
    assert abs(neighbours) < 0.01


def test_fields_of_neighbouring_keys_are_independent() -> None:
    fields = gaussian(torch.arange(32), (4096,))
    correlation = torch.corrcoef(fields) - torch.eye(32)
    assert correlation.abs().max() < 0.08


def test_uniform_is_uniform_and_independent_of_the_field() -> None:
    keys = torch.arange(20000)
    draws = uniform(keys)
    assert stats.kstest(draws.numpy(), "uniform").pvalue > 0.01
    pair = torch.stack([draws.float(), gaussian(keys, (1,))[:, 0]])
    assert abs(torch.corrcoef(pair)[0, 1]) < 0.03


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=6), st.integers(1, 30))
def test_a_field_depends_on_its_key_alone(keys: list[int], size: int) -> None:
    together = gaussian(torch.tensor(keys), (2, size))
    alone = torch.cat([gaussian(torch.tensor([key]), (2, size)) for key in keys])
    assert torch.equal(together, alone)
