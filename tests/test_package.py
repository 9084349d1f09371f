"""``import sr_experiments``: what it offers, and that it costs nothing before it is used."""

import inspect
import subprocess
import sys

import pytest

import sr_experiments as sr


@pytest.mark.parametrize("name", sr.__all__)
def test_every_public_name_is_there_and_described(name: str) -> None:
    thing = getattr(sr, name)
    assert thing.__doc__
    assert name in dir(sr)
    assert ">>> " in thing.__doc__ or not inspect.isfunction(thing)


def test_the_import_itself_loads_nothing() -> None:
    code = "import sys; import sr_experiments; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"torch", "numpy", "pandas", "hydra", "pytorch_lightning", "PIL"}
    assert [m for m in done.stdout.split() if m.startswith("sr_experiments")] == ["sr_experiments"]


def test_other_names_are_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Upscale'"):
        sr.Upscale  # noqa: B018
