"""Writes the table of docs/reliability.md from what the tests recorded.

``FAULTS=50 FAULT_RECORDS=faults.jsonl pytest tests/faults && python -m tests.faults.table
faults.jsonl``
"""

import json
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->"
HEAD = """| fault | tried | detected | survived | finished work lost | work done again, at most |
|---|---:|---:|---:|---:|---:|
"""


def table(records: list[dict[str, str | int | float]]) -> str:
    """Records of tests as a Markdown table, by name, as workers write them in any order."""
    lines = []
    for r in sorted(records, key=lambda r: str(r["fault"]).casefold()):
        again = f"{r['seconds']:.1f} s" if r["seconds"] else "-"
        cells = (r["fault"], r["tried"], r["detected"], r["survived"], r["lost"], again)
        lines.append("| " + " | ".join(map(str, cells)) + " |\n")
    return HEAD + "".join(lines)


def main(path: Path) -> None:
    """Replaces the table in the page."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + BEGIN + table(records) + END + after, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
