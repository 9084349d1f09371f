"""Says where runs of one comparison were computed by different code."""

from collections.abc import Sequence

from sr_experiments.runs.read import Run

_NAMED = 4


def code_notes(runs: Sequence[Run]) -> list[str]:
    """A sentence where the code of runs differs, or where that cannot be told; else nothing.

    Runs whose files have the same hash ran on the same code, whatever their commits; older runs
    have recorded no hash, and are told apart by their commits.
    """
    recorded = [run for run in runs if run.environment]
    hashed = [run for run in recorded if run.environment.get("code")]
    by_hash = len(hashed) == len(recorded)
    groups: dict[str, list[Run]] = {}
    for run in recorded:
        key = f"code {run.environment['code']}" if by_hash else _commit(run)
        groups.setdefault(key, []).append(run)
    if len(groups) > 1:
        said = "; ".join(f"{_commits(key, of)}: {_named(of)}" for key, of in groups.items())
        return [f"Runs were computed by different code, which may explain differences: {said}."]
    commits = list(dict.fromkeys(map(_commit, recorded)))
    if len(commits) > 1:
        return [f"Runs differ in git: {', '.join(commits)}; the code that computes is the same."]
    return []


def _commits(key: str, runs: Sequence[Run]) -> str:
    commits = ", ".join(dict.fromkeys(map(_commit, runs)))
    return key if key == commits else f"{key} ({commits})"


def _commit(run: Run) -> str:
    found = run.environment
    commit = str(found.get("git") or "no commit")[:10]
    changes = f" with changes {found.get('git_diff') or ''}".rstrip()
    return commit + changes * bool(found.get("git_changes"))


def _named(runs: Sequence[Run]) -> str:
    """Runs by variant and seed, or by folder."""
    names = [
        f"{run.study['variant']} seed {run.seed}" if run.study.get("variant") else str(run.folder)
        for run in runs
    ]
    more = [f"{len(names) - _NAMED} more"] * (len(names) > _NAMED)
    return ", ".join([*names[:_NAMED], *more])
