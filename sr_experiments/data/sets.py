"""Two data modules for use without Hydra; ``conf/data`` holds the same and more."""

from typing import Any

from sr_experiments.data.datamodule import RestorationDataModule


class DIV2K(RestorationDataModule):
    """DIV2K: images 1-800 to train, 801-810 to validate as EDSR did, 801-900 to test.

    Args:
        root: folder that holds ``DIV2K_train_HR`` and ``DIV2K_valid_HR``.
        **kwargs: the other arguments of :class:`RestorationDataModule`.
    """

    def __init__(self, root: str, **kwargs: Any) -> None:
        quick = ["DIV2K_valid_HR/080[1-9].png", "DIV2K_valid_HR/0810.png"]
        super().__init__(
            root,
            train=["DIV2K_train_HR"],
            val={"div2k10": quick},
            test={"div2k": ["DIV2K_valid_HR"]},
            **kwargs,
        )


class SR291(RestorationDataModule):
    """VDSR's 291 images, T91 and BSD200; Set5 to validate, Set5 and Set14 to test.

    Args:
        root: folder that holds ``T91``, ``BSD200``, ``Set5`` and ``Set14``.
        **kwargs: the other arguments of :class:`RestorationDataModule`.
    """

    def __init__(self, root: str, **kwargs: Any) -> None:
        super().__init__(
            root,
            train=["T91", "BSD200"],
            val={"set5": ["Set5"]},
            test={"set5": ["Set5"], "set14": ["Set14"]},
            **kwargs,
        )
