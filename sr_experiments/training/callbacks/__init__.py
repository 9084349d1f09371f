"""What a Trainer calls at each step, validation and end."""
