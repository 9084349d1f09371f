"""Single-image super-resolution experiments: networks, data, training, and scores to be trusted."""
