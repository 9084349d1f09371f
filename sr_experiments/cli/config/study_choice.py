"""``study=NAME`` for commands that look at a study and do not run it.

A study changes the defaults of ``train.py``, such as the network, which other commands do not have:
there the choice is kept as text, and composed for ``train.py``.
"""

from collections.abc import Sequence

from hydra import compose
from hydra.errors import HydraException

from sr_experiments.cli.config.hints import explain
from sr_experiments.errors import ConfigError
from sr_experiments.runs.command import parse_override
from sr_experiments.runs.former_names import current_override
from sr_experiments.studies.study import Study, read_study


def keep_choice(arguments: Sequence[str]) -> list[str]:
    """Gathers ``study=`` and ``study.KEY=`` in ``study_choice``."""
    chosen = [a for a in arguments if "=" in a and f"{parse_override(a).key}.".startswith("study.")]
    if not chosen:
        return list(arguments)
    current = map(current_override, chosen)
    escaped = (choice.replace("\\", "\\\\").replace("'", "\\'") for choice in current)
    texts = ",".join(f"'{text}'" for text in escaped)
    return [*(a for a in arguments if a not in chosen), f"study_choice=[{texts}]"]


def compose_study(choice: Sequence[str]) -> Study:
    """The study of these overrides of ``train.py``, as ``["study=vdsr_depth"]``.

    Raises:
        ConfigError: there is none of this name, its file is wrong, or what was typed about it.
    """
    try:
        composed = compose("train", list(choice))
    except HydraException as error:
        raise ConfigError(explain(error, "train")) from None
    return read_study(composed.study)
