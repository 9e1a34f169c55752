"""Form of a module's input and its time steps, told by calling it with 2 and with 3 images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.drive import DriveKind, ModuleDrive
from spikeatlas.snn.modules.neuron_modules import (
    Place,
    is_neuron,
    is_never_negative,
    neuron_paths,
)
from spikeatlas.snn.modules.trials.call_pattern import (
    CallPattern,
    output_steps,
    steps_in_call,
    steps_in_output,
)
from spikeatlas.snn.modules.trials.trial_record import (
    CallRecord,
    event_shapes,
    record_call,
    unsure_paths,
)
from spikeatlas.snn.modules.trials.unfit_images import unfit_images
from spikeatlas.snn.sentences import reason_of

InputKind = Literal["auto", "image", "steps", "frames", "batch_frames"]
_PROBE_STEPS = 5


def find_pattern(
    module: nn.Module,
    places: Mapping[str, Place],
    pictures: Tensor,
    *,
    kind: InputKind,
    time_steps: int | None,
) -> CallPattern:
    """Call a module with 2 and 3 of normalised ``pictures`` (>= 3, c, h, w) in each form that may be meant.

    ValueError, one sentence, where none works, or where ``time_steps`` is missing, or not what the module does.
    """
    # neurons that are no layers of the study tell the time as well
    paths = list(dict.fromkeys([*(place.path for place in places.values()), *neuron_paths(module)]))
    forms: Sequence[DriveKind] = ("image", "frames", "batch_frames") if kind == "auto" else (kind,)
    reasons: dict[DriveKind, str] = {}
    for form in forms:
        pattern = _attempt(module, paths, pictures, form, time_steps)
        if isinstance(pattern, str):
            reasons[form] = pattern
        elif kind == "auto" and form != "image" and not pattern.timed:
            reasons[form] = "it has no spiking neurons"
        else:
            return _with_time(pattern, kind, time_steps)
    raise ValueError(unfit_images(module, pictures, _drive(forms[0], time_steps), reasons))


def _drive(form: DriveKind, time_steps: int | None) -> ModuleDrive:
    return ModuleDrive(form, None if form == "image" else time_steps or _PROBE_STEPS)


def _attempt(
    module: nn.Module,
    paths: Sequence[str],
    pictures: Tensor,
    form: DriveKind,
    time_steps: int | None,
) -> CallPattern | str:
    """Call with 2 and with 3 images in one form; a sentence where that fails."""
    drive = _drive(form, time_steps)
    try:
        two, three = (record_call(module, drive, pictures[None, :count], paths) for count in (2, 3))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's forward raises
        return reason_of(error)
    shapes = event_shapes(two, three, drive)
    if isinstance(shapes, str):
        return shapes
    timed = frozenset(path for path in paths if _is_timed(module, path, two, time_steps))
    pattern = CallPattern(
        drive,
        tuple(two.events),
        tuple(shapes),
        timed,
        1,
        (two.output, three.output),
        unsure_paths(two, shapes),
    )
    if form in {"frames", "batch_frames"}:
        total = steps_in_call(pattern)
        if timed and total % (drive.time_steps or 1):
            return f"it runs {total} steps of {drive.time_steps} frames"
    return pattern


def _is_timed(module: nn.Module, path: str, record: CallRecord, time_steps: int | None) -> bool:
    """Tell whether a layer is one of spikes: a library's neuron, or one whose outputs are 0 and 1."""
    part = module.get_submodule(path)
    if is_neuron(part) or record.binary.get(path, False):
        return True
    return time_steps is not None and not is_never_negative(part) and path not in record.binary


def _with_time(pattern: CallPattern, kind: InputKind, time_steps: int | None) -> CallPattern:
    """Tell the time steps, and whether an image is to be shown step by step."""
    if not pattern.timed:
        return _without_time(pattern, kind, time_steps)
    if pattern.drive.kind in {"frames", "batch_frames"}:
        return _of_frames(pattern, time_steps)
    counts = Counter(path for path in pattern.events if path in pattern.timed)
    if len(counts) == 1 and counts.total() > 1:
        return _of_single(pattern, kind, time_steps, next(iter(counts)))
    total = steps_in_call(pattern)
    if kind == "steps" or (kind == "auto" and total == 1):
        return _step_by_step(pattern, total, time_steps)
    if time_steps not in {None, total}:
        raise ValueError(
            f"network.time_steps is {time_steps}, but the module runs {total} steps whenever it is called: write "
            f"{total}, leave it out, or let network.options change the module's own."
        )
    return replace(
        pattern, drive=ModuleDrive("image", total), repeats=total // steps_in_output(pattern)
    )


def _without_time(pattern: CallPattern, kind: InputKind, time_steps: int | None) -> CallPattern:
    """Pattern of a module without spikes, which is shown an image once."""
    if kind in {"auto", "image"} and pattern.drive.kind == "image":
        if time_steps is not None:
            raise ValueError(
                f"network.time_steps is {time_steps}, but the module's layers ({', '.join(dict.fromkeys(pattern.events))}) "
                "are no spiking neurons: leave it out, or write input: steps."
            )
        return pattern
    if time_steps is None:
        raise ValueError(_missing(f"the input {pattern.drive.kind}"))
    return replace(pattern, drive=ModuleDrive(pattern.drive.kind, time_steps))


def _of_frames(pattern: CallPattern, time_steps: int | None) -> CallPattern:
    if time_steps is None:
        raise ValueError(_missing(f"the module takes {pattern.drive.kind}, and"))
    # the calls in a step are what the frames leave over: one neuron alone may stand at several places
    timed = [path for path in pattern.events if path in pattern.timed]
    repeats = time_steps // steps_in_output(pattern)
    if len(timed) % repeats:
        raise ValueError(
            f"the module takes {time_steps} frames, but calls its neurons {len(timed)} times: no whole number a step."
        )
    return replace(pattern, repeats=repeats)


def _of_single(
    pattern: CallPattern, kind: InputKind, time_steps: int | None, path: str
) -> CallPattern:
    """Pattern of one neuron alone, which may be called at several places of a step, or at several steps."""
    total = pattern.events.count(path) * steps_in_output(pattern)
    if time_steps is None:
        raise ValueError(
            f"{path} is the only neuron, and is called {total} times: places in one step and steps look the same, so "
            "write network.time_steps."
        )
    stack = output_steps(pattern)
    if kind != "steps" and stack not in {1, time_steps}:
        raise ValueError(
            f"network.time_steps is {time_steps}, but the module returns {stack} steps: write {stack}."
        )
    if kind != "steps" and total % time_steps == 0:
        repeats = max(time_steps // steps_in_output(pattern), 1)
        return replace(pattern, drive=ModuleDrive("image", time_steps), repeats=repeats)
    if kind != "steps":
        raise ValueError(
            f"network.time_steps is {time_steps}, but the module calls its only neuron {total} times, which is no "
            "multiple of it: write input: steps if that is one step."
        )
    return replace(pattern, drive=ModuleDrive("steps", time_steps))


def _step_by_step(pattern: CallPattern, total: int, time_steps: int | None) -> CallPattern:
    if total > 1:
        raise ValueError(
            f"network.input is steps, but the module runs {total} steps whenever it is called: write image."
        )
    if time_steps is None:
        raise ValueError(_missing("the module runs one step whenever it is called, and"))
    return replace(pattern, drive=ModuleDrive("steps", time_steps))


def _missing(subject: str) -> str:
    return f"{subject} does not say for how long an image is shown: write network.time_steps."


def trial_pictures(pictures: Tensor) -> Tensor:
    """Return 8 of normalised pictures (n >= 1, c, h, w), repeated where there are fewer."""
    return pictures[torch.arange(8) % len(pictures)]
