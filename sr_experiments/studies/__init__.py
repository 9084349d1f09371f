"""Runs read back, grouped into variants, compared over seeds."""
