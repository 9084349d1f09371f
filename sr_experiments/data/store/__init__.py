"""Image stores: one file per set and spec, built once, read while training."""
