"""Text for terminals: durations, and tables that a pipe does not fold."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.table import Table

_WIDTH = 110  # of tables where the output has no width of its own, or a smaller one


def clock(seconds: float) -> str:
    """Minutes and seconds, or hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Progress:
    """A bar with the remaining time on stderr, where that is a terminal, below lines on stdout.

    Args:
        total: amount of work, in any unit.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._bar: Bar | None = None

    def __enter__(self) -> "Progress":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

        columns = BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        console = Console(stderr=True)
        if console.is_terminal:
            self._bar = Progress(*columns, console=console, transient=True)
            self._bar.add_task("", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, amount: int) -> None:
        """Notes work that is done."""
        if self._bar:
            self._bar.advance(self._bar.task_ids[0], amount)

    def say(self, line: str) -> None:
        """Prints a line."""
        if self._bar:
            self._bar.refresh()
            self._bar.stop()
        print(line, flush=True)
        if self._bar:
            self._bar.start()


def print_table(table: "Table") -> None:
    """Prints a table, at least 110 characters wide if it needs them."""
    from rich.console import Console

    Console(width=max(Console().width, _WIDTH)).print(table)
