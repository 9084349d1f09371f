"""Runs commands in this process."""

from tests.cli.conftest import command, images

__all__ = ["command", "images"]
