"""Where the configuration files lie."""

from pathlib import Path

import sr_experiments


def conf_dir() -> Path:
    """``conf`` inside the installed package, or beside it in a clone."""
    package = Path(sr_experiments.__file__).parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"
