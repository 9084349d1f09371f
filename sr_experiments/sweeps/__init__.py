"""Many runs from one command: processes, slots, retries, resumption and one table."""
