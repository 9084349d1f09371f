"""What papers publish for the sets and scales that were scored."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from sr_experiments.evaluation.benchmark import Row
from sr_experiments.evaluation.protocol import Channel
from sr_experiments.published import PublishedValue, read_published
from sr_experiments.terminal import print_table

_HEADINGS = ["set", "scale", "method", "PSNR", "SSIM", "published in"]


def print_published(rows: Sequence[Row], channel: Channel, papers: Sequence[str]) -> None:
    """Prints a line for each method; a question mark follows what was not seen in the source.

    Without papers nothing is printed.

    Args:
        rows: the scores; their sets and scales count.
        channel: "y" or "rgb", the one that was compared.
        papers: as :func:`sr_experiments.published.read_published` takes them.

    Raises:
        ConfigError: there is no such paper, or a line of its file is wrong.
    """
    lines = list(published_lines(rows, channel, papers))
    if not papers:
        return
    if not lines:
        print(f"published={','.join(papers)}: no value for these sets, scales and channel")
        return
    table = Table(*_HEADINGS)
    for line in lines:
        table.add_row(*line)
    print_table(table)


def published_lines(
    rows: Sequence[Row], channel: Channel, papers: Sequence[str]
) -> Iterator[list[str]]:
    """Set, scale, method, PSNR, SSIM and source, as text.

    Args:
        rows: as of :func:`print_published`.
        channel: the same.
        papers: the same.
    """
    values = [value for paper in papers for value in read_published(paper)]
    for row in rows:
        here = [v for v in values if (v.set, v.scale) == (row.benchmark.lower(), row.scale)]
        methods: dict[tuple[str, str, str], dict[str, str]] = {}
        for value in here:
            if value.metric in (f"psnr_{channel}", f"ssim_{channel}"):
                found = methods.setdefault((value.method, value.source, value.table), {})
                found[value.metric[:4]] = _text(value)
        for (method, source, place), found in methods.items():
            scores = [found.get("psnr", ""), found.get("ssim", "")]
            yield [row.benchmark, f"x{row.scale:g}", method, *scores, f"{source}, {place}"]


def _text(value: PublishedValue) -> str:
    digits = 2 if value.metric.startswith("psnr") else 4
    return f"{value.value:.{digits}f}{'' if value.verified else '?'}"
