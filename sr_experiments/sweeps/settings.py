"""The ``sweep`` keys of the configuration."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sr_experiments.errors import ConfigError


class Settings(BaseModel):
    """How a sweep treats its jobs.

    Attributes:
        resume: folder of an earlier sweep that is continued.
        slots: processes at a time; "auto" is one per GPU, or per core where jobs use none.
        retries: further attempts at a job that does not finish, from its last checkpoint.
        order: start with the lowest number, or with what will take the shortest time.
        first: variants of a study whose jobs come before all others, in this order.
        estimate: only say what the jobs will take, and start none.
        timeout: minutes after which an attempt counts as hung; None: never.
        metric: the key of ``status.json``'s metrics that ranks the jobs.
        mode: whether a high or a low value of it is better.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    resume: str | None = None
    slots: Literal["auto"] | int = Field("auto")
    retries: int = Field(0, ge=0, strict=True)
    order: Literal["number", "shortest"] = "number"
    first: list[str] = []
    estimate: bool = Field(False, strict=True)
    timeout: float | None = Field(None, gt=0, strict=True)
    metric: str = "val/psnr"
    mode: Literal["max", "min"] = "max"


def read_settings(node: Mapping[Any, Any]) -> Settings:
    """Checks the ``sweep`` keys.

    Raises:
        ConfigError: a key is unknown, of the wrong type or out of range.
    """
    try:
        found = Settings(**{str(key): value for key, value in node.items()})
    except ValidationError as error:
        first = error.errors()[0]
        problem = first["msg"][0].lower() + first["msg"][1:]
        key = first["loc"][0]
        raise ConfigError(f"sweep.{key}: {problem}, got {node[key]!r}") from None
    if found.slots != "auto" and found.slots < 1:
        raise ConfigError(f'sweep.slots: must be at least 1, or "auto", got {found.slots}')
    return found
