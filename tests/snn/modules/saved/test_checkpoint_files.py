from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.snn.modules.saved.checkpoint_files import (
    checkpoint_files,
    checkpoint_folder,
    checkpoint_paths,
    pattern_problem,
)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_epochs_ascend_and_other_files_are_left_alone(tmp_path: Path) -> None:
    # trap 12: what the pattern does not match is no epoch
    touch(
        tmp_path,
        "epoch_10.pth",
        "epoch_2.pth",
        "epoch_0.5.pth",
        "best.pth",
        "last.pth",
        "epoch_x.pth",
    )
    files = checkpoint_files(f"{tmp_path}/epoch_{{epoch}}.pth")
    assert list(files) == [0.5, 2, 10]
    assert files[10] == tmp_path / "epoch_10.pth"


def test_the_first_epoch_is_added(tmp_path: Path) -> None:
    touch(tmp_path, "run/epoch=0-step=938.ckpt", "run/epoch=1-step=1876.ckpt")
    files = checkpoint_files(f"{tmp_path}/*/epoch={{epoch}}-step=*.ckpt", first_epoch=1)
    assert {epoch: path.name for epoch, path in files.items() if path} == {
        1: "epoch=0-step=938.ckpt",
        2: "epoch=1-step=1876.ckpt",
    }


def test_two_files_of_one_epoch_are_both_named(tmp_path: Path) -> None:
    touch(tmp_path, "epoch=1-step=5.ckpt", "epoch=1-step=6.ckpt")
    with pytest.raises(ValueError, match=r"step=5.ckpt and .*step=6.ckpt are both epoch 1;"):
        checkpoint_files(f"{tmp_path}/epoch={{epoch}}-step=*.ckpt")


def test_files_one_by_one_or_none() -> None:
    assert checkpoint_files({10: Path("b"), 0: Path("a")}, 1) == {1: Path("a"), 11: Path("b")}
    assert checkpoint_files(None) == {0: None}


def test_special_characters_are_meant_as_they_are(tmp_path: Path) -> None:
    touch(tmp_path, "a+b(1).pth", "aab1.pth")
    assert list(checkpoint_files(f"{tmp_path}/a+b({{epoch}}).pth")) == [1]


def test_a_missing_folder_has_no_epochs(tmp_path: Path) -> None:
    assert checkpoint_files(f"{tmp_path}/no/{{epoch}}.pth") == {}


@pytest.mark.parametrize("pattern", ["a.pth", "{epoch}/{epoch}.pth"])
def test_a_pattern_has_its_epoch_once(pattern: str) -> None:
    assert "write it once" in str(pattern_problem(pattern))
    with pytest.raises(ValueError, match="write it once"):
        checkpoint_files(pattern)


def test_the_folder_of_a_pattern() -> None:
    assert checkpoint_folder("a/b/run*/{epoch}.pth") == Path("a/b")
    assert checkpoint_folder("a/{epoch}.pth") == Path("a")
    assert checkpoint_folder("{epoch}.pth") == Path()


def test_paths_are_named_by_their_fields() -> None:
    assert checkpoint_paths("a/{epoch}.pth") == {"network.checkpoints": Path("a")}
    files = {0.0: Path("a.pth"), 2.5: Path("b.pth")}
    assert checkpoint_paths(files) == dict(
        zip(("network.checkpoints.0", "network.checkpoints.2.5"), files.values(), strict=True)
    )
    assert checkpoint_paths(None) == {}


@pytest.mark.parametrize(
    "pattern", ["/a/*/../../e_{epoch}.pth", "/a/{epoch}/../e.pth", "a/*/../e_{epoch}.pth"]
)
def test_a_pattern_does_not_climb(pattern: str) -> None:
    problem = pattern_problem(pattern)
    assert problem is not None
    assert "has .. behind" in problem
    with pytest.raises(ValueError, match=r"has \.\. behind"):
        checkpoint_files(pattern)


def test_before_its_first_wildcard_it_may(tmp_path: Path) -> None:
    touch(tmp_path, "e_1.pth", "a/x")
    assert list(checkpoint_files(f"{tmp_path}/a/../e_{{epoch}}.pth")) == [1]


def test_a_link_out_of_the_roots_is_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "outside/e_1.pth", "roots/e_0.pth")
    (tmp_path / "roots" / "e_1.pth").symlink_to(tmp_path / "outside" / "e_1.pth")
    pattern = f"{tmp_path}/roots/e_{{epoch}}.pth"
    assert list(checkpoint_files(pattern)) == [0, 1]
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(tmp_path / "roots"))
    with pytest.raises(ValueError, match=r"e_1\.pth is outside of .*roots, the only place"):
        checkpoint_files(pattern)
