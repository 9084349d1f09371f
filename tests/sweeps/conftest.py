from pathlib import Path

import pytest

from tests.sweeps.sweep_commands import Sweeps


@pytest.fixture
def sweeps(tmp_path: Path) -> Sweeps:
    return Sweeps(tmp_path)
