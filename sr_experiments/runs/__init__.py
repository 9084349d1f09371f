"""The run folder: its layout, records, states and identity; written, read and resumed."""
