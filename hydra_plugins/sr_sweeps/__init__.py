"""Hydra plugins: launchers and a sweeper."""
