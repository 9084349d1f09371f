import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_carries_the_configuration(tmp_path: Path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", f"--outdir={tmp_path}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    packed = {n.removeprefix("sr_experiments/") for n in names if "/conf/" in n}
    assert packed == {str(p.relative_to(ROOT)) for p in (ROOT / "conf").rglob("*.yaml")}
    published = (ROOT / "sr_experiments" / "published").glob("*.csv")
    assert {f"sr_experiments/published/{path.name}" for path in published} <= names
    assert not any(name.startswith("tests/") for name in names)

    # From the unpacked wheel, away from the clone.
    code = "import sys; sys.argv = ['sr-train', '--cfg', 'job']; "
    code += "from sr_experiments.cli.app import train; train()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sr_experiments.models.VDSR" in done.stdout
