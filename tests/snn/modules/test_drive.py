from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.modules.drive import (
    DriveKind,
    ModuleDrive,
    OutputShape,
    first_tensor,
    output_shape,
)

PICTURES = torch.rand(2, 1, 3, 3)
SEQUENCE = torch.rand(4, 2, 1, 3, 3)


@pytest.mark.parametrize(
    ("kind", "calls", "shape"),
    [
        ("image", 1, (2, 1, 3, 3)),
        ("steps", 4, (2, 1, 3, 3)),
        ("frames", 1, (4, 2, 1, 3, 3)),
        ("batch_frames", 1, (2, 4, 1, 3, 3)),
    ],
)
def test_inputs_have_the_form_of_their_drive(
    kind: DriveKind, calls: int, shape: tuple[int, ...]
) -> None:
    drive = ModuleDrive(kind, 4)
    inputs = list(drive.inputs(PICTURES[None]))
    assert len(inputs) == drive.calls == calls
    assert {tuple(tensor.shape) for tensor in inputs} == {shape}
    inputs[0].zero_()
    assert PICTURES.any()


def test_sequences_go_step_by_step() -> None:
    steps = list(ModuleDrive("steps", 4).inputs(SEQUENCE))
    assert torch.equal(torch.stack(steps), SEQUENCE)
    assert torch.equal(next(ModuleDrive("frames", 4).inputs(SEQUENCE)), SEQUENCE)
    assert torch.equal(
        next(ModuleDrive("batch_frames", 4).inputs(SEQUENCE)), SEQUENCE.transpose(0, 1)
    )


@pytest.mark.parametrize(
    ("two", "three", "drive", "expected"),
    [
        ((2, 5, 4, 4), (3, 5, 4, 4), ModuleDrive("image"), OutputShape(1, 0, False, 5, (4, 4))),
        ((7, 2, 5), (7, 3, 5), ModuleDrive("frames", 7), OutputShape(7, 1, False, 5, ())),
        ((14, 5), (21, 5), ModuleDrive("frames", 7), OutputShape(7, 0, False, 5, ())),
        ((2, 7, 5), (3, 7, 5), ModuleDrive("batch_frames", 7), OutputShape(7, 0, True, 5, ())),
        ((2,), (3,), ModuleDrive("image"), OutputShape(1, 0, False, 1, ())),
        ((5, 4), (5, 4), ModuleDrive("image"), None),
        ((5, 4, 2), (5, 4, 3), ModuleDrive("image"), None),
        ((3, 4), (4, 4), ModuleDrive("image"), None),
        ((2, 4), (3, 4, 1), ModuleDrive("image"), None),
    ],
)
def test_the_axis_that_grows_is_the_images(
    two: tuple[int, ...], three: tuple[int, ...], drive: ModuleDrive, expected: OutputShape | None
) -> None:
    assert output_shape(two, three, drive) == expected


def test_frames_of_every_layout_are_the_same() -> None:
    values = torch.rand(4, 2, 3, 5, 5)
    layouts = {
        OutputShape(4, 1, False, 3, (5, 5)): values,
        OutputShape(4, 0, True, 3, (5, 5)): values.transpose(0, 1),
        OutputShape(4, 0, False, 3, (5, 5)): values.flatten(0, 1),
        OutputShape(4, 0, False, 3, (5, 5), "batch"): values.transpose(0, 1).flatten(0, 1),
    }
    for shape, output in layouts.items():
        assert torch.equal(shape.frames(output, 2), values)
        assert output.shape[shape.channel_axis] == 3
    assert OutputShape(1, 0, False, 1, ()).frames(torch.rand(2), 2).shape == (1, 2, 1)


def test_another_shape_than_in_the_trial_is_an_error() -> None:
    with pytest.raises(ValueError, match="another than in its trial"):
        OutputShape(4, 0, False, 3, ()).frames(torch.rand(7, 3), 2)


def test_the_first_tensor_of_several() -> None:
    tensor = torch.zeros(1)
    assert first_tensor(tensor) is tensor
    assert first_tensor((None, tensor)) is tensor
    assert first_tensor({"a": None, "b": tensor}) is tensor
    assert first_tensor({"a": None}) is None
