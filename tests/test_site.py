"""The site of `make docs`: it builds strictly, and no link inside it is dead."""

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlparse

import pytest

ROOT = Path(__file__).parents[1]
HOOKS = ROOT / "docs" / "hooks"


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The hooks, loaded as mkdocs does."""
    monkeypatch.syspath_prepend(str(HOOKS))
    spec = importlib.util.spec_from_file_location("site_hooks", HOOKS / "site.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("data.md", "[a](../benchmarks/minis.md)", "[a](results/minis.md)"),
        ("results/studies.md", "[b](../docs/studies.md#x)", "[b](../studies.md#x)"),
        ("changelog.md", "[c](docs/data.md)", "[c](data.md)"),
        ("data.md", "[d](https://a.b/c.md)", "[d](https://a.b/c.md)"),
        ("studies.md", "[conf](../conf/study/base.yaml)", "conf (`conf/study/base.yaml`)"),
        ("train.md", "[API](api/index.md)", "[API](api/index.md)"),
        ("data.md", "```\n[a](nowhere.md)\n```", "```\n[a](nowhere.md)\n```"),
        (
            "results/studies.md",
            "![p](studies/vdsr_residual.png)",
            "![p](studies/vdsr_residual.png)",
        ),
    ],
)
def test_links_hold_on_the_site(hooks: ModuleType, page: str, text: str, expected: str) -> None:
    assert hooks.rewrite_links(text, page) == expected


def test_a_link_to_nothing_is_named(hooks: ModuleType) -> None:
    with pytest.raises(FileNotFoundError, match=r"docs/data\.md: links to none\.md"):
        hooks.rewrite_links("[a](none.md)", "data.md")


def test_every_key_of_the_configuration_is_shown(hooks: ModuleType) -> None:
    pages = hooks.configuration_pages(ROOT)
    text = "\n".join(page for _, page in pages.values())
    for path in (ROOT / "conf").rglob("*.yaml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert line.startswith("#") or line in text, (path, line)


class Links(HTMLParser):
    """What a page links to, and the anchors that it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.add(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


@pytest.mark.slow
def test_the_site_builds_strictly_and_no_link_in_it_is_dead(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = {page: Links(page) for page in tmp_path.rglob("*.html") if page.name != "404.html"}
    assert len(pages) > 50
    dead = []
    for page, links in pages.items():
        for target in links.targets:
            url = urlparse(target)
            if url.scheme or target.startswith("//"):
                continue
            found = (page.parent / unquote(url.path)).resolve() if url.path else page
            anchor = unquote(url.fragment)
            known = pages[found].anchors if found in pages else set()
            if not found.exists() or (found in pages and anchor and anchor not in known):
                dead.append(f"{page.relative_to(tmp_path)} -> {target}")
    assert not dead
    fetched = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="https?:')
    assert not [page for page in pages if fetched.search(page.read_text(encoding="utf-8"))]
