"""For one more release: says by what ``dashboard.py`` was replaced."""

import shlex
import sys

now = shlex.join(["python", "report.py", "to=wandb", *sys.argv[1:]])
sys.stderr.write(f"error: dashboard.py has become report.py to=wandb; write: {now}\n")
sys.exit(2)
