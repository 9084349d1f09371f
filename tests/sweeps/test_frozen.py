"""A sweep whose files are edited while it runs."""

import json
import shutil
import time
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from sr_experiments.errors import ConfigError
from sr_experiments.runs.code import code_hash, code_state, source_files
from sr_experiments.runs.frozen import freeze, frozen_config
from tests.sweeps.sweep_commands import ROOT, Sweeps


def project(folder: Path) -> Path:
    """A copy of the project, whose files may be edited."""
    for name in ("sr_experiments", "conf", "hydra_plugins"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    script = folder / "quick_job.py"
    shutil.copy(ROOT / "tests" / "sweeps" / "quick_job.py", script)
    return script


def wait_for(path: Path) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


@pytest.mark.long
def test_edits_while_a_sweep_runs_change_no_job_silently(sweeps: Sweeps) -> None:
    script = project(sweeps.folder / "project")
    command = ("-m", "seed=0,1,2,3", "tags=[sleep:1]", "sweep.slots=1", "hydra.sweep.dir=s")
    process = sweeps.start(script, *command, PYTHONPATH=str(script.parent))
    folder = sweeps.folder / "s"
    wait_for(folder / "0" / "environment.json")
    settings = script.parent / "conf" / "optim" / "vdsr.yaml"
    rate = OmegaConf.load(settings)
    settings.write_text(settings.read_text() + "\nweight_decay: 0.5\n")
    source = script.parent / "sr_experiments" / "losses" / "pixel.py"
    source.write_text(source.read_text() + "\n# edited\n")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output

    told = [line for line in output.splitlines() if line.startswith("note: ")]
    assert len(told) == 1, output
    assert "conf/optim/vdsr.yaml was edited since the sweep began" in told[0]
    assert "keep the configuration that was composed then" in told[0]
    assert "losses/pixel.py was edited" in told[0]
    assert told[0].endswith("(from job 1 on)")
    configs = [yaml.safe_load((folder / str(n) / "config.yaml").read_text()) for n in range(4)]
    assert [config["optim"] for config in configs] == [configs[0]["optim"]] * 4
    assert configs[0]["optim"]["weight_decay"] != 0.5, rate
    code = [json.loads((folder / str(n) / "environment.json").read_text()) for n in range(4)]
    assert code[0]["code"] != code[1]["code"] == code[2]["code"] == code[3]["code"]

    # Later, the same sweep is refused, as its jobs were composed otherwise.
    status, output = sweeps.run(script, "sweep.resume=s", PYTHONPATH=str(script.parent))
    assert status == 2
    assert "optim.weight_decay=0.0001, now it is 0.5" in output


def test_a_job_that_never_began_is_held_to_what_was_composed(sweeps: Sweeps) -> None:
    sweeps.quick("seed=0,1", "hydra.sweep.dir=s", "optim.lr=0.1")
    shutil.rmtree(sweeps.folder / "s" / "0")
    shutil.rmtree(sweeps.folder / "s" / "1")
    status, output = sweeps.quick("sweep.resume=s", "optim.lr=0.5")
    assert status == 2
    assert ".jobs/0.yaml: this run was made with optim.lr=0.1, now it is 0.5" in output


def test_a_process_takes_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    composed = OmegaConf.create({"optim": {"lr": 0.5}, "ckpt_path": "here.ckpt"})
    assert frozen_config(composed) is composed
    given = freeze(tmp_path, 3, "optim:\n  lr: 1.0e-05\n  half: ${optim.lr}\nckpt_path: null\n")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    taken = frozen_config(composed)
    assert taken == {"optim": {"lr": 1e-5, "half": 1e-5}, "ckpt_path": "here.ckpt"}
    path = tmp_path / ".jobs" / "3.yaml"
    path.write_text(path.read_text().replace("1.0e-05", "1.0e-04"))
    with pytest.raises(ConfigError, match="is not the configuration that the sweep composed"):
        frozen_config(composed)
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        frozen_config(composed)


def test_code_is_that_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {str(path) for path in source_files({})}
    assert any(path.endswith("losses/pixel.py") for path in package)
    assert not any("/report/" in path for path in package)
    (tmp_path / "mine_of_test.py").write_text("class Net: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = {"model": {"_target_": "mine_of_test.Net"}, "optim": {"_target_": "torch.optim.SGD"}}
    assert {str(p) for p in source_files(config)} - package == {str(tmp_path / "mine_of_test.py")}
    first = code_state(config)["code"]
    (tmp_path / "mine_of_test.py").write_text("class Net: pass\n")
    assert code_state(config)["code"] != first
    assert code_hash({Path("/a/x.py"): "1"}) == code_hash({Path("/b/x.py"): "1"})
