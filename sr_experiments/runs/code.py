"""The code that a run computes by: its commit, what was changed since, and a hash of its files."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import sr_experiments

_PACKAGE = Path(sr_experiments.__file__).parent
# These read runs, start them and compare them; what a run computes does not depend on them.
_ASIDE = ("published", "report", "studies", "sweeps")
_DIGITS = 12


def code_state(config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Commit, whether and in what the clone was changed since, and a hash of all source.

    ``git_diff`` is a hash of the changes to tracked files, ``code`` one of the files that a run
    depends on; two runs with the same ``code`` were computed alike, whatever their commits.

    Args:
        config: of a run; modules of one's own that it names count as code.
    """
    changes = _git("diff", "HEAD", "--binary")
    return {
        "git": _git("rev-parse", "HEAD"),
        "git_changes": bool(changes),
        "git_diff": sha256(changes.encode()).hexdigest()[:_DIGITS] if changes else None,
        "code": code_hash(source_files(config or {})),
    }


def code_hash(files: Mapping[Path, str]) -> str:
    """One hash for many, which does not depend on where the files lie."""
    lines = sorted(f"{_name(path)} {digest}" for path, digest in files.items())
    return sha256("\n".join(lines).encode()).hexdigest()[:_DIGITS]


def source_files(config: Mapping[str, Any]) -> dict[Path, str]:
    """The SHA-256 of each source file that a run depends on.

    Args:
        config: of the run; it may name modules that are neither this package's nor installed.
    """
    own = (p for p in _PACKAGE.rglob("*.py") if p.relative_to(_PACKAGE).parts[0] not in _ASIDE)
    return hashes([*own, *_foreign(config)])


def hashes(paths: Iterable[Path]) -> dict[Path, str]:
    """The SHA-256 of each file that can be read."""
    found = {}
    for path in paths:
        try:
            found[path] = sha256(path.read_bytes()).hexdigest()
        except OSError:
            continue
    return found


def _name(path: Path) -> str:
    return str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else path.name


def _foreign(config: Mapping[str, Any]) -> list[Path]:
    """Files of the modules that ``_target_`` names in the user's own folders."""
    found: dict[Path, None] = {}
    for root in dict.fromkeys(target.partition(".")[0] for target in _targets(config)):
        if root in (_PACKAGE.name, *sys.stdlib_module_names):
            continue
        try:
            spec = importlib.util.find_spec(root)
        except (ImportError, ValueError):
            continue
        if spec is None or spec.origin is None or "site-packages" in spec.origin:
            continue
        path = Path(spec.origin)
        found |= dict.fromkeys(
            sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
        )
    return list(found)


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("_target_"), str):
            yield node["_target_"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _targets(each)


def _git(*arguments: str) -> str | None:
    """Output of git in this package's clone; None where it is not one."""
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=_PACKAGE, capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = result.stdout.decode(errors="replace").strip()
    return text if result.returncode == 0 else None
