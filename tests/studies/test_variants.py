"""Which runs belong together."""

from pathlib import Path

import pytest

from sr_experiments.runs.read import Run, read_runs
from sr_experiments.studies.variants import (
    UNKNOWN,
    common_overrides,
    group_by_variant,
    select_runs,
    varying_keys,
)
from tests.runs.folders import make_run


def run(seed: int = 0, overrides: list[str] | None = None, **config: object) -> Run:
    content = {"seed": seed, "model": {"depth": 8}, **config}
    return Run(Path(f"run{seed}"), "finished", config=content, overrides=overrides or [])


def test_seeds_and_places_do_not_count(tmp_path: Path) -> None:
    for seed in range(3):
        make_run(
            tmp_path / str(seed), seed=seed, changes={"log_images": seed, "sweep": {"slots": seed}}
        )
    runs = read_runs([tmp_path])
    assert varying_keys(runs) == []
    assert {name: len(members) for name, members in group_by_variant(runs).items()} == {
        "all runs": 3
    }


def test_values_name_configurations(tmp_path: Path) -> None:
    for number, (lr, seed) in enumerate((lr, seed) for lr in (0.1, 0.01) for seed in (0, 1)):
        make_run(tmp_path / str(number), lr=lr, seed=seed)
    groups = group_by_variant(read_runs([tmp_path]))
    assert {name: [r.folder.name for r in members] for name, members in groups.items()} == {
        "lr=0.1": ["0", "1"],
        "lr=0.01": ["2", "3"],
    }


def test_resolved_values_count_where_nothing_was_typed() -> None:
    runs = [
        run(optim={"lr": lr}, model={"depth": depth}) for lr in (0.1, 0.01) for depth in (8, 20)
    ]
    assert varying_keys(runs) == ["model.depth", "optim.lr"]
    assert list(group_by_variant(runs)) == [
        "depth=8 lr=0.1", "depth=20 lr=0.1", "depth=8 lr=0.01", "depth=20 lr=0.01",
    ]  # fmt: skip


def test_whole_keys_where_their_last_parts_are_alike() -> None:
    runs = [run(optim={"size": a}, patches={"size": b}) for a, b in ((1, 1), (1, 2), (2, 1))]
    assert list(group_by_variant(runs))[1] == "optim.size=1 patches.size=2"


def test_a_key_that_repeats_another_is_left_out() -> None:
    runs = [run(data={"patches": {"size": n}}, patches={"size": n}) for n in (24, 41)]
    assert varying_keys(runs) == ["patches.size"]
    assert list(group_by_variant(runs)) == ["size=24", "size=41"]


def test_classes_go_by_their_names() -> None:
    runs = [run(model={"_target_": f"sr_experiments.models.{name}"}) for name in ("VDSR", "EDSR")]
    assert list(group_by_variant(runs)) == ["VDSR", "EDSR"]


def test_what_was_typed_is_shorter_than_what_it_changed() -> None:
    runs = [
        run(overrides=[f"experiment={name}", "data.root=x"], model={"depth": n}, optim={"lr": n})
        for n, name in enumerate(("small", "large"))
    ]
    assert list(group_by_variant(runs)) == ["small", "large"]


@pytest.mark.parametrize("words", [("True", "False"), ("true", "false"), ("none", "batch")])
def test_a_flag_is_named_with_its_key(words: tuple[str, str]) -> None:
    runs = [run(overrides=[f"model.norm={w}"], model={"norm": w.lower()}) for w in words]
    assert list(group_by_variant(runs)) == [f"norm={word}" for word in words]


def test_a_default_beside_a_typed_value_has_a_name() -> None:
    runs = [
        run(overrides=["model.residual=false"], model={"residual": False}),
        run(model={"residual": True}),
    ]
    assert list(group_by_variant(runs)) == ["residual=false", "residual=true"]


def test_names_of_runs_that_differ_in_their_data_are_short() -> None:
    def data(name: str) -> dict[str, object]:
        folders = [f"{name}/a_folder_with_a_long_name_{i}" for i in range(4)]
        return {"train": folders, "val": {name: folders}, "test": {name: folders}}

    names = list(
        group_by_variant([run(data=data(name)) for name in ("T91", "BSD200", "General100")])
    )
    assert len(set(names)) == 3
    assert all(len(name) <= 60 for name in names)
    same_ends = [run(data={"train": ["x" * 30 + n + "y" * 30]}) for n in "ab"]
    assert len(group_by_variant(same_ends)) == 2


def test_arms_go_before_values() -> None:
    runs = [
        run(seed, study={"variant": variant}, a=variant, b=variant)
        for variant in "xy"
        for seed in (0, 1)
    ]
    assert {name: len(members) for name, members in group_by_variant(runs).items()} == {
        "x": 2,
        "y": 2,
    }


def test_an_arm_with_several_values_is_several() -> None:
    runs = [run(study={"variant": "x"}, optim={"lr": lr}) for lr in (0.1, 0.2)]
    assert list(group_by_variant(runs)) == ["x lr=0.1", "x lr=0.2"]


def test_runs_without_configuration_are_attributed_by_their_overrides() -> None:
    whole = [
        run(0, ["optim.lr=0.1", "model=vdsr"], optim={"lr": 0.1}),
        run(0, ["optim.lr=0.2", "model=vdsr"], optim={"lr": 0.2}),
    ]
    lost = Run(Path("2"), "waiting", overrides=["optim.lr=0.2", "seed=1"])
    stray = Run(Path("3"), "failed")
    groups = group_by_variant([*whole, lost, stray])
    assert groups["lr=0.2"] == [whole[1], lost]
    assert groups[UNKNOWN] == [stray]


def test_an_arm_of_which_nothing_began_is_that_arm() -> None:
    lost = Run(
        Path("2"), "waiting", config={"study": {"variant": "y"}}, overrides=["study.variant=y"]
    )
    assert list(group_by_variant([run(study={"variant": "x"}), lost])) == ["x", "y"]


def test_of_repeated_seeds_the_newest_finished_counts() -> None:
    old = Run(Path("old"), "finished", config={"seed": 0}, written=1.0)
    new = Run(Path("new"), "finished", config={"seed": 0}, written=2.0)
    failed = Run(Path("failed"), "failed", config={"seed": 0}, written=3.0)
    other = Run(Path("other"), "diverged", config={"seed": 1}, written=1.0)
    settled = select_runs([other, old, new, failed])
    assert settled.selected == [new, other]
    assert settled.superseded == [old, failed]


def test_without_a_finished_run_evidence_counts_before_accidents() -> None:
    lost = Run(Path("a"), "diverged", config={"seed": 0}, written=1.0)
    killed = Run(Path("b"), "killed", config={"seed": 0}, written=2.0)
    assert select_runs([lost, killed]).selected == [lost]


def test_shared_overrides() -> None:
    runs = [run(s, ["model=vdsr", f"optim.lr={lr}", f"seed={s}"]) for s, lr in ((0, 1), (1, 2))]
    assert common_overrides(runs) == {"model": "vdsr"}
    assert common_overrides([]) == {}
