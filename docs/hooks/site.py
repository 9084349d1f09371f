"""Pages of the site that are made from the repository, for `make docs`.

mkdocs loads this file: configuration, API, results, changelog and contributing become pages, and
links to files that are no page become their names.
"""

import posixpath
import re
from pathlib import Path

from configuration import configuration_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from reference import api_pages

ROOT = Path(__file__).resolve().parents[2]
RESULTS = "benchmarks"
_ROOT_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
_GENERATED = ("configuration.md", "configuration/", "api/")  # named by their place on the site
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def result_files() -> list[str]:
    """What was measured: tables and their pictures, by their paths in the repository."""
    found = (p for kind in ("md", "png", "svg") for p in (ROOT / RESULTS).rglob(f"*.{kind}"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def page_of(path: str) -> str | None:
    """The page or picture of the site that a file of the repository has become, if any."""
    if path in _ROOT_PAGES:
        return _ROOT_PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path in result_files():
        return path.replace(RESULTS, "results", 1)
    return None


def source_of(page: str) -> str:
    """The file of the repository that a page is written in."""
    known = {v: k for k, v in _ROOT_PAGES.items() if v != "index.md"}
    if page.startswith("results/"):
        return page.replace("results", RESULTS, 1)
    return known.get(page, f"docs/{page}")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts the generated pages behind those that are named in mkdocs.yml."""
    results = [name for name in result_files() if name.endswith(".md")]
    assert config.nav is not None
    config.nav += [
        {"Results": [{_title(ROOT / n): n.replace(RESULTS, "results", 1)} for n in results]},
        {"Configuration": [{title: uri} for uri, (title, _) in configuration_pages(ROOT).items()]},
        {"API": [{title: uri} for uri, (title, _) in api_pages(ROOT).items()]},
        {"Project": [{"Changelog": "changelog.md"}, {"Contributing": "contributing.md"}]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages."""
    for uri, (_, text) in (configuration_pages(ROOT) | api_pages(ROOT)).items():
        files.append(File.generated(config, uri, content=text))
    for name in [*result_files(), "CHANGELOG.md", "CONTRIBUTING.md"]:
        uri = page_of(name)
        assert uri is not None
        files.append(File.generated(config, uri, content=(ROOT / name).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lets links between files of the repository lead to their pages."""
    here = page.file.src_uri
    return rewrite_links(markdown, here)


def rewrite_links(markdown: str, here: str) -> str:
    """The text of a page with links that hold on the site.

    Args:
        markdown: the page, with links as they hold in the repository.
        here: the page, as "results/minis.md".

    Raises:
        FileNotFoundError: a link leads to no file of the repository.
    """

    def rewritten(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        path, hash_, anchor = target.partition("#")
        if not path or "://" in target:
            return match[0]
        folder = posixpath.dirname(here)
        if path.startswith(_GENERATED):
            return f"{picture}[{text}]({posixpath.relpath(path, folder or '.')}{hash_}{anchor})"
        found = posixpath.normpath(posixpath.join(posixpath.dirname(source_of(here)), path))
        if not (ROOT / found).exists():
            raise FileNotFoundError(f"{source_of(here)}: links to {target}, which is not there")
        uri = None if (ROOT / found).is_dir() else page_of(found)
        if uri is None:
            return f"`{found}`" if text.strip("`") == found else f"{text} (`{found}`)"
        return f"{picture}[{text}]({posixpath.relpath(uri, folder or '.')}{hash_}{anchor})"

    blocks = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(b if b.startswith("```") else _LINK.sub(rewritten, b) for b in blocks)


def _title(path: Path) -> str:
    heading = re.search(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return heading[1].replace("`", "") if heading else path.stem
