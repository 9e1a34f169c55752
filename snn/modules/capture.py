"""Responses of a module's layers by hooks: exact for any module, and as slow as it is."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from spikeatlas.snn.device import Device, copy_on, torch_device
from spikeatlas.snn.modules.drive import ModuleDrive, OutputShape, first_tensor
from spikeatlas.snn.modules.module_state import ModuleState, copy_sharing_weights
from spikeatlas.snn.modules.seeds import seeded
from spikeatlas.snn.modules.spike_sum import SpikeSum
from spikeatlas.snn.sentences import reason_of


@dataclass(frozen=True)
class LayerPlace:
    """The place of a layer in a module: a module's path, and which of its calls are the layer's."""

    path: str
    """Of the module."""
    shape: OutputShape
    """Of its output."""
    use: int = 1
    """Number of the layer's call among those of a time step, from 1."""
    uses: int = 1
    """Calls in a time step."""
    calls: int = 1
    """Calls of the path whenever the whole module is called once."""

    @property
    def last_call(self) -> int:
        """Number of the layer's last call whenever the module is called once, from 1."""
        return self.calls - self.uses + self.use

    def has_call(self, number: int) -> bool:
        """Tell whether a call of the path (from 1) is this layer's."""
        return (number - self.use) % self.uses == 0


@dataclass(frozen=True)
class Silence:
    """One neuron that never fires."""

    place: LayerPlace
    neuron: int


class StopForwardSignal(BaseException):
    """Raised by the deepest hook; users' ``except Exception`` lets it pass."""


class Capture:
    """Hooks on a module of one thread; its state is put back after each showing.

    ``device``: where the module is, which frames are moved to.
    """

    def __init__(self, module: nn.Module, drive: ModuleDrive, device: Device = "cpu") -> None:
        self.module = module
        self._drive = drive
        self._device = device
        self._state = ModuleState(module)

    @torch.no_grad()
    def show(
        self,
        frames: Tensor,
        sums: Mapping[LayerPlace, SpikeSum],
        *,
        silence: Silence | None = None,
        on_output: Callable[[object], None] | None = None,
        truncate: bool = False,
        seed: int | None = None,
    ) -> None:
        """Show normalised frames (T, n, c, h, w), or (1, n, c, h, w) if constant, and add up the layers' outputs.

        ``on_output`` gets what each call of the module returns. ``truncate``: end each call at the deepest of the
        layers. ``seed``: of the random numbers that the module draws.
        """
        hooks = _Hooks(sums, frames.shape[1], silence, truncate=truncate)
        handles = hooks.register(self.module)
        try:
            with seeded(seed):
                for inputs in self._drive.inputs(frames.to(torch_device(self._device))):
                    hooks.begin()
                    self._call(inputs, hooks, on_output)
        finally:
            for handle in handles:
                handle.remove()
            self._state.restore()

    def _call(
        self, inputs: Tensor, hooks: _Hooks, on_output: Callable[[object], None] | None
    ) -> None:
        try:
            output = self.module(inputs)
        except StopForwardSignal:
            return
        except (Exception, SystemExit) as error:
            if error is hooks.problem:
                raise
            raise ValueError(self._refusal(inputs, error)) from error
        hooks.check()
        if on_output is not None:
            on_output(output)

    def _refusal(self, inputs: Tensor, error: BaseException) -> str:
        """Say in a sentence that the user's forward fails, and how to mend it."""
        if isinstance(error, SystemExit):
            return f"network.factory: the module's forward calls {reason_of(error)}."
        if self._device != "cpu" and "device" in str(error):
            return (
                f"the module does not run on {self._device} ({reason_of(error)}): let its tensors be parameters or buffers, or "
                "be made where its inputs are; or write responder.device: cpu."
            )
        mend = "let its forward take any number of images, whatever is in them"
        if isinstance(error, MemoryError | torch.OutOfMemoryError):
            mend = "lower responder.batch_size"
        return f"network.factory: the module fails on an input of shape {tuple(inputs.shape)} ({reason_of(error)}): {mend}."


class ThreadCaptures:
    """One copy of a module for each thread that asks: weights shared, state apart."""

    def __init__(self, module: nn.Module, drive: ModuleDrive) -> None:
        self._modules: dict[Device, nn.Module] = {"cpu": module}
        self._drive = drive
        self._local = threading.local()
        self._turn = threading.Lock()

    def mine(self, device: Device = "cpu") -> Capture:
        """Return the calling thread's on a device, which holds the weights once."""
        captures: dict[Device, Capture] = self._local.__dict__.setdefault("captures", {})
        if device not in captures:
            with self._turn:
                module = copy_sharing_weights(self._on(device))
            captures[device] = Capture(module, self._drive, device)
        return captures[device]

    def _on(self, device: Device) -> nn.Module:
        if device not in self._modules:
            # torch refuses to copy tensors with a history, which the first copy has none of
            self._modules[device] = copy_on(copy_sharing_weights(self._modules["cpu"]), device)
        return self._modules[device]


class _Hooks:
    """The hooks of one showing."""

    def __init__(
        self,
        sums: Mapping[LayerPlace, SpikeSum],
        images: int,
        silence: Silence | None,
        *,
        truncate: bool,
    ) -> None:
        self._sums = sums
        self._images = images
        self._silence = silence
        self._places = {*sums, *([silence.place] if silence else [])}
        self._waits = set(sums) if truncate else set()
        self._open = set(self._waits)
        self._counts: Counter[str] = Counter()
        self.problem: ValueError | None = None
        """Raised by a hook, through the user's forward."""

    def register(self, module: nn.Module) -> list[RemovableHandle]:
        """Put a hook on every path of the layers."""
        paths = sorted({place.path for place in self._places})
        return [
            module.get_submodule(path).register_forward_hook(self._hook(path)) for path in paths
        ]

    def begin(self) -> None:
        """Count from the start: the module is called once more."""
        self._counts.clear()
        self._open = set(self._waits)

    def check(self) -> None:
        """Raise ValueError where the module called its layers more or less often than in its trial."""
        for place in self._places:
            if self._counts[place.path] != place.calls:
                raise ValueError(
                    f"the module called {place.path or 'itself'} {self._counts[place.path]} times, but "
                    f"{place.calls} times in its trial: its layers must not depend on the images."
                )

    def _hook(self, path: str) -> Callable[[nn.Module, Any, Any], Any]:
        places = [place for place in self._places if place.path == path]

        def fire(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            self._counts[path] += 1
            for place in places:
                if place.has_call(self._counts[path]):
                    output = self._checked(place, output)
            return output

        return fire

    def _checked(self, place: LayerPlace, output: Any) -> Any:
        try:
            return self._take(place, output)
        except ValueError as error:
            self.problem = error
            raise

    def _take(self, place: LayerPlace, output: Any) -> Any:
        """Silence, add up, and perhaps end the call."""
        if self._silence is not None and place == self._silence.place:
            output = silenced_output(output, place.shape.channel_axis, self._silence.neuron)
        tensor = first_tensor(output)
        if tensor is None:
            raise ValueError(f"{place.path} returns no tensor, so it is no layer.")
        if place in self._sums:
            self._sums[place].add(place.shape.frames(tensor, self._images))
        if self._counts[place.path] == place.last_call and place in self._open:
            self._open.discard(place)
            if not self._open:
                raise StopForwardSignal
        return output


def silenced_output(output: Any, axis: int, neuron: int) -> Any:
    """Return an output whose first tensor is 0 at one neuron of an axis."""
    if isinstance(output, Tensor):
        silent = output.clone()
        silent.select(axis, neuron).zero_() if output.dim() > axis else silent.zero_()
        return silent
    if isinstance(output, MutableMapping):
        key = next(key for key, item in output.items() if isinstance(item, Tensor))
        changed = copy.copy(output)
        changed[key] = silenced_output(output[key], axis, neuron)
        return changed
    index = next(place for place, item in enumerate(output) if isinstance(item, Tensor))
    items = [*output]
    items[index] = silenced_output(items[index], axis, neuron)
    return type(output)(*items) if hasattr(output, "_fields") else type(output)(items)
