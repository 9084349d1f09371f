"""Types of numbers with a range: commands check them before torch is imported."""

from typing import Annotated

from annotated_types import Ge, Gt

#: Sizes and counts.
Count = Annotated[int, Ge(1)]
#: What may be none at all.
CountOrZero = Annotated[int, Ge(0)]
NonNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
