"""The configuration groups as pages: every option of `conf/` with its comments."""

import re
from pathlib import Path

Pages = dict[str, tuple[str, str]]  # by address: title and text


def configuration_pages(root: Path) -> Pages:
    """A page of the commands' own keys, and one for each group of `conf/`.

    Args:
        root: of the repository.
    """
    conf = root / "conf"
    groups = sorted(path for path in conf.iterdir() if path.is_dir() and any(path.rglob("*.yaml")))
    lines = ["# Configuration", "", _INTRODUCTION, "| group | options |", "|---|---|"]
    for group in groups:
        names = ", ".join(f"`{name}`" for name in _options(group))
        lines.append(f"| [{group.name}](configuration/{group.name}.md) | {names} |")
    pages: Pages = {}
    for name in sorted(path.stem for path in conf.glob("*.yaml")):
        lines += ["", f"## {name}.py", "", *_option(conf / f"{name}.yaml")]
    pages["configuration.md"] = ("All groups", "\n".join(lines))
    for group in groups:
        text = [f"# `{group.name}=`", ""]
        for name in _options(group):
            text += [f"## {group.name}={name}", "", *_option(group / f"{name}.yaml"), ""]
        pages[f"configuration/{group.name}.md"] = (group.name, "\n".join(text))
    return pages


_INTRODUCTION = """\
Everything that a command can be told, from the files in `conf/`. `python train.py GROUP=OPTION`
chooses a file, `GROUP.KEY=VALUE` sets a key of it; the comment behind a key says what it does. What
stands in `defaults` is taken from the files named there. A key whose value begins with `$` takes
that of another.
"""


def _options(group: Path) -> list[str]:
    files = (path.relative_to(group).with_suffix("") for path in group.rglob("*.yaml"))
    return sorted(path.as_posix() for path in files)


def _option(path: Path) -> list[str]:
    """The comment that a file begins with as a sentence, and its keys as they stand there."""
    lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    about: list[str] = []
    while lines and lines[0].startswith("#"):
        line = lines.pop(0).lstrip("# ")
        about += [] if line.startswith("@package") else [line]
    body = "\n".join(lines).strip("\n")
    words = re.sub(r"(\S*=\S*[^\s.,;:)]|\bhttps?://\S+)", r"`\1`", " ".join(about))
    words = words if "`" not in " ".join(about) else " ".join(about)
    return [words, "", *(["```yaml", body, "```"] if body else [])]
