from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from spikeatlas.snn.data import DataSet, FolderImages, load_data
from spikeatlas.snn.data.files.image_files import list_images

RNG = np.random.default_rng(0)


def write_image(file: Path, *shape: int) -> np.ndarray[Any, Any]:
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return pixels


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """Two classes, 5 training and 3 test images each, grey, 6x6 pixels."""
    for split, count in (("train", 5), ("test", 3)):
        for name in ("cat", "dog"):
            for number in range(count):
                write_image(tmp_path / split / name / f"{number}.png", 6, 6)
    return tmp_path


def load(root: Path, limit: int | None = None) -> DataSet:
    return load_data(FolderImages(root=root, limit=limit))


def test_grey_images_have_one_channel_in_order_of_names(grey: Path) -> None:
    data = load(grey)
    assert data.shape == (1, 6, 6)
    assert data.classes == ("cat", "dog")
    assert data.train.labels.tolist() == [0] * 5 + [1] * 5
    assert data.test.labels.tolist() == [0] * 3 + [1] * 3
    with Image.open(grey / "train" / "dog" / "1.png") as image:
        assert np.array_equal(data.train.images[6, 0], np.asarray(image))
    assert data.digest() == load(grey).digest()


def test_one_coloured_image_makes_all_rgb(grey: Path) -> None:
    pixels = write_image(grey / "test" / "cat" / "1.bmp", 6, 6, 3)
    data = load(grey)
    assert data.shape == (3, 6, 6)
    assert np.array_equal(data.test.images[1], pixels.transpose(2, 0, 1))
    assert np.array_equal(data.train.images[:, 0], data.train.images[:, 2])


def test_modes_of_images_become_grey_or_rgb(tmp_path: Path) -> None:
    colour = Image.fromarray(RNG.integers(0, 256, (4, 4, 3), dtype=np.uint8))
    deep = Image.fromarray(
        np.array([[0, 257], [257 * 7, 65535]], np.uint16).repeat(2, 0).repeat(2, 1)
    )
    palette = colour.quantize(8)
    palette.info["transparency"] = bytes([255] * 8 + [0])  # of a colour that no pixel has
    modes = {
        "grey": [colour.convert("L"), colour.convert("LA"), colour.convert("1"), deep],
        "rgb": [colour, colour.convert("RGBA"), palette, colour.convert("CMYK")],
    }
    for kind, pictures in modes.items():
        for split in ("train", "test"):
            folder = tmp_path / kind / split / "a"
            folder.mkdir(parents=True)
            for number, picture in enumerate(pictures):
                picture.save(folder / f"{number}.{'tif' if picture.mode == 'CMYK' else 'png'}")
    images = load(tmp_path / "grey").train.images
    assert images.shape == (4, 1, 4, 4)
    assert np.array_equal(images[0], images[1])
    assert set(images[2].flat) <= {0, 255}
    assert images[3, 0, ::2, ::2].tolist() == [[0, 1], [7, 255]]
    images = load(tmp_path / "rgb").train.images
    assert images.shape == (4, 3, 4, 4)
    assert np.array_equal(images[0], images[1])


def test_a_limit_decodes_only_what_it_needs(grey: Path) -> None:
    (grey / "train" / "dog" / "4.png").write_bytes(b"no image")
    data = load(grey, limit=4)
    assert data.train.labels.tolist() == [0, 0, 1, 1]
    assert len(data.test) == 4
    with pytest.raises(ValueError, match=r"dog/4\.png is no readable image"):
        load(grey)


def test_other_files_are_left_alone(grey: Path) -> None:
    (grey / "train" / ".hidden").mkdir()
    (grey / "train" / "cat" / ".0.png").write_bytes(b"")
    (grey / "train" / "cat" / "notes.txt").write_text("seen in May")
    (grey / "train" / "cat" / "0").write_bytes((grey / "train" / "cat" / "0.png").read_bytes())
    (grey / "train" / "cat" / "more.png").mkdir()
    (grey / "train" / "list.csv").write_text("")
    data = load(grey)
    assert len(data.train) == 10
    ending, classless = data.notes
    assert ending.startswith("left out, for the names of 2 files do not end as an image's: ")
    assert "train/cat/0, " in ending
    assert ending.endswith("train/cat/notes.txt")
    assert classless.startswith("left out, for they lie beside the class folders, in none: ")
    assert classless.endswith("train/list.csv")


def test_images_in_subfolders_are_read_as_torchvision_does(grey: Path) -> None:
    for name in ("a-b/1.png", "a/1.png", "a/b/1.PNG", "z/0.png"):
        write_image(grey / "train" / "cat" / name, 6, 6)
    write_image(grey / "elsewhere" / "5.png", 6, 6)
    (grey / "train" / "dog" / "more").symlink_to(grey / "elsewhere")
    (grey / "train" / "dog" / "9.png").symlink_to(grey / "elsewhere" / "5.png")
    listing = list_images(grey / "train")
    theirs = ImageFolder(grey / "train").imgs
    ours = [str(file) for files in listing.classes.values() for file in files]
    assert ours == [name for name, _ in theirs]
    assert len(load(grey).train) == 16


def test_links_that_lead_nowhere_are_named(grey: Path) -> None:
    for name in ("cat/a.png", "cat/b", "cat/in/c.png", "emu"):
        link = grey / "train" / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to("/nowhere")
    with pytest.raises(ValueError, match=r"links that lead nowhere \(.*train/emu, .* and 1 more\)"):
        load(grey)


def test_links_in_a_circle_are_named(grey: Path) -> None:
    (grey / "train" / "cat" / "again").symlink_to(grey / "train")
    with pytest.raises(ValueError, match=r"cat/again is a link to a folder that it lies in"):
        load(grey)


def test_links_out_of_the_roots_are_refused(grey: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", str(grey))
    (grey / "train" / "cat" / "etc").symlink_to("/etc")
    with pytest.raises(ValueError, match=r"cat/etc is outside of"):
        load(grey)


def test_images_of_one_colour_are_noted(grey: Path) -> None:
    Image.new("L", (6, 6), 7).save(grey / "train" / "cat" / "3.png")
    (note,) = load(grey).notes
    assert note.startswith("of one colour all over: ")
    assert note.endswith("train/cat/3.png")


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_files_of_16_bits_that_hold_fewer_are_refused(grey: Path, bits: int) -> None:
    for number, file in enumerate(sorted(grey.rglob("*.png"))):
        pixels = RNG.integers(0, 2**bits, (6, 6)).astype(np.uint16)
        pixels[0, 0] = 2**bits - 1
        Image.fromarray(pixels).save(file.with_suffix(".tif" if number % 2 else ".png"))
        if number % 2:
            file.unlink()
    with pytest.raises(ValueError, match=r"pictures of 16 bits \(.* are nearly black, .*12\?"):
        load(grey)


def test_a_missing_folder_is_named(grey: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere is no folder: .*root/train/<class>"):
        load(grey / "nowhere")
    shutil.rmtree(grey / "test")
    with pytest.raises(FileNotFoundError, match=r"has no folder .*test: .*root/test/<class>"):
        load(grey)


def test_folders_without_images_are_named(grey: Path) -> None:
    (grey / "train" / "emu").mkdir()
    with pytest.raises(ValueError, match=r"no images in .*train/emu"):
        load(grey)
    shutil.rmtree(grey / "train")
    (grey / "train").mkdir()
    with pytest.raises(ValueError, match=r"no images in .*train"):
        load(grey)


def test_classes_of_one_split_only_are_named(grey: Path) -> None:
    (grey / "train" / "cat").rename(grey / "train" / "cow")
    with pytest.raises(ValueError, match=r"one split only \(train/cow, test/cat\)"):
        load(grey)


def test_an_image_that_is_not_square_is_named_with_its_size(grey: Path) -> None:
    write_image(grey / "test" / "dog" / "2.png", 6, 7)
    with pytest.raises(ValueError, match=r"dog/2\.png is 7x6 pixels: images must be square"):
        load(grey)


def test_an_image_of_another_size_is_named_with_both_sizes(grey: Path) -> None:
    write_image(grey / "test" / "dog" / "2.png", 8, 8)
    with pytest.raises(ValueError, match=r"dog/2\.png is 8x8 pixels but .*cat/0\.png is 6x6"):
        load(grey)


def test_a_truncated_image_is_named(grey: Path) -> None:
    file = grey / "train" / "cat" / "0.jpg"
    write_image(file, 6, 6, 3)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(
        ValueError, match=r"0\.jpg is no readable image .*repair or remove"
    ) as caught:
        load(grey)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(again) == str(caught.value)
