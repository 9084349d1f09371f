"""Runs that only their time limits."""

from tests.cli.conftest import TINY, Command


def test_a_run_without_a_number_of_epochs_ends_by_its_time(
    command: Command, images: list[str]
) -> None:
    result = command(
        "train",
        *images,
        *TINY,
        "trainer.max_epochs=-1",
        "trainer.max_time=00:00:00:03",
        "trainer.check_val_every_n_epoch=1000",
        "trainer.log_every_n_steps=0",
        "log_images=0",
    )
    assert result.code == 0, result.err
    assert result.status["state"] == "finished"
    assert "test/psnr" in result.status["metrics"]
