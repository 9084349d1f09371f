"""Runs read back, grouped into configurations, compared over seeds."""
