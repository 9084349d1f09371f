"""Pages of the API: the public names, and each package with its modules."""

import ast
from pathlib import Path

Pages = dict[str, tuple[str, str]]  # by address: title and text
_PACKAGES = (
    *("models", "losses", "metrics", "imaging", "data", "training", "inference", "evaluation"),
    *("runs", "studies", "report", "sweeps"),
)
_PUBLIC = (
    "cli.load.load",
    "inference.upscaler.Upscaler",
    "evaluation.score.score",
    "evaluation.score.Score",
    "imaging.resize.imresize",
    "imaging.resize.quantise",
    "imaging.io.load_image",
    "imaging.io.save_image",
    "runs.load_runs",
    "runs.load_curves",
)
_INTRODUCTION = """\
# Python

`import sr_experiments as sr` takes a tenth of a second; each name is imported when it is first
used. The networks, `VDSR SRCNN DnCNN REDNet EDSR SRResNet MSRResNet RCAN HRAN`, are described with
[models](api/models.md), the base class `Network` too.

"""


def api_pages(root: Path) -> Pages:
    """The public names on one page, and one for each package.

    Args:
        root: of the repository.
    """
    public = "".join(f"::: sr_experiments.{name}\n" for name in _PUBLIC)
    pages: Pages = {"api/index.md": ("Python", _INTRODUCTION + public)}
    package = root / "sr_experiments"
    for name in _PACKAGES:
        text = [f"# {name}", "", _first_line(package / name / "__init__.py"), ""]
        for path in sorted((package / name).rglob("*.py")):
            if path.name == "__init__.py":
                continue
            dotted = ".".join(path.relative_to(root).with_suffix("").parts)
            text += [f"::: {dotted}", *_without_public(dotted), ""]
        pages[f"api/{name}.md"] = (name, "\n".join(text))
    return pages


def _without_public(module: str) -> list[str]:
    """Leaves out what the first page shows, since a name has one place."""
    places = (f"sr_experiments.{name}".rpartition(".") for name in _PUBLIC)
    names = [name for home, _, name in places if home == module]
    filters = f'["!^_", "!^({"|".join(names)})$"]'
    return ["    options:", f"      filters: {filters}"] if names else []


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
