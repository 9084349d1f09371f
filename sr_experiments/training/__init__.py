"""LightningModules, optimizers, schedules, clipping and callbacks."""
