"""For one more release: says by what ``compare.py`` was replaced."""

import shlex
import sys

now = shlex.join(["python", "evaluate.py", *sys.argv[1:]])
sys.stderr.write(f"error: compare.py has become evaluate.py; write: {now}\n")
sys.exit(2)
