"""CONTRIBUTING.md's table of floors is true: nothing imports from above."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sr_experiments"
MAP = ROOT / "docs" / "how-a-run-flows.md"


def floors(text: str) -> dict[str, int]:
    """Module or package of ``sr_experiments`` -> its floor, from the rows of a table."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", text, flags=re.MULTILINE)
    return {name: int(floor) for floor, names in rows for name in re.findall(r"`(\w+)`", names)}


def imported(source: str) -> Iterator[str]:
    """Modules and packages below ``sr_experiments`` that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        for name in names:
            if (parts := name.split("."))[0] == PACKAGE.name and len(parts) > 1:
                yield parts[1]


def wrong_imports(package: Path, floor: dict[str, int]) -> list[str]:
    """Sentences about each import that leads upwards, with both files."""
    found = []
    for file in sorted(package.rglob("*.py")):
        own = file.relative_to(package).with_suffix("").parts[0]
        for other in imported(file.read_text(encoding="utf-8")) if own != "__init__" else ():
            below = floor[other] < floor[own] or floor[other] == floor[own] == 0
            if other != own and not below:
                found.append(f"{file} (floor {floor[own]}) imports {other} (floor {floor[other]})")
    return found


def test_every_module_has_a_floor() -> None:
    here = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    listed = floors((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert set(listed) == {name for name in here if not name.startswith("__")}


def test_nothing_imports_from_above() -> None:
    listed = floors((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert not wrong_imports(PACKAGE, listed)


@pytest.mark.parametrize("line", ["import pkg.cli.app", "def f():\n    from pkg.cli import app"])
def test_an_import_from_above_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.py").write_text(line.replace("pkg", PACKAGE.name), encoding="utf-8")
    (sentence,) = wrong_imports(tmp_path, {"models": 1, "cli": 6})
    assert "net.py (floor 1) imports cli (floor 6)" in sentence


def test_the_way_of_a_run_is_short() -> None:
    files = re.findall(r"^\| \d+ \| `([^`]+)` \|", MAP.read_text(encoding="utf-8"), re.MULTILINE)
    lines = [len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in files]
    assert 10 < len(files) <= 18
    assert sum(lines) <= 2000


def test_each_answer_is_at_most_four_hops_away() -> None:
    for _, way in re.findall(r"^\| ([a-z][^|`]+) \| (`[^|]+`) \|$", MAP.read_text(), re.MULTILINE):
        files = [PACKAGE / file for file in re.findall(r"`([^`]+)`", way)]
        assert len(files) <= 4
        for file, following in itertools.pairwise(files):
            named = {following.stem, following.parent.name}  # by itself, or through its package
            assert named & set(re.findall(r"\w+", file.read_text(encoding="utf-8"))), (file, named)
        assert files[-1].exists()
