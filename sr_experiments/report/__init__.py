"""Reports of studies and sweeps: page, text, plots and tables."""
