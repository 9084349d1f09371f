"""Text for terminals: durations, and tables that a pipe does not fold."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_WIDTH = 110  # of tables where the output has no width of its own, or a smaller one


def clock(seconds: float) -> str:
    """Minutes and seconds, or hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def print_table(table: "Table") -> None:
    """Prints a table, at least 110 characters wide if it needs them."""
    from rich.console import Console

    Console(width=max(Console().width, _WIDTH)).print(table)
