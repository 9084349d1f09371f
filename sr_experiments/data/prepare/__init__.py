"""Puts published sets in place."""
