"""Faster ways of a module, each held once against its hooks on real images."""

from __future__ import annotations

import threading
from collections.abc import Collection

from torch import nn

from spikeatlas.snn.coding import STILL, first_frames
from spikeatlas.snn.modules import FasterWay, near, proven, way_for
from spikeatlas.snn.subjects.base import Images
from spikeatlas.snn.subjects.module_responder import LayerActivity, Means, ModuleParts


class ProvenWays:
    """The faster way of each set of layers that is asked for, or why the hooks answer."""

    def __init__(self, module: nn.Module, parts: ModuleParts) -> None:
        self._module = module
        self._parts = parts
        self._turn = threading.Lock()
        self._ways: dict[tuple[frozenset[str], bool], FasterWay | str] = {}

    def of(self, names: Collection[str], *, exact: bool = True) -> FasterWay | str:
        """Return the way of some spiking layers of a deterministic module, tried at the first call."""
        with self._turn:
            key = frozenset(names), exact
            if key not in self._ways:
                self._ways[key] = self._tried(*key)
            return self._ways[key]

    def _tried(self, names: frozenset[str], exact: bool) -> FasterWay | str:
        parts, trial = self._parts, self._parts.trial
        places = {name: layer.place for name, layer in trial.layers.items() if name in names}
        stimuli = self._stimuli()
        way = way_for(self._module, places, trial.drive, parts.scaling, stimuli[-1])
        if len(stimuli) > 1 and not isinstance(way, str):
            # our own layers are shown stills only, and a plan has one line for all stimuli
            way = way.plainer() or way
        neurons = {name: range(place.shape.channels) for name, place in places.items()}

        def by_hooks(images: Images) -> Means:
            return LayerActivity(parts, neurons)(parts.frames(images, None))

        for examples in stimuli:
            way = proven(way, neurons, examples, by_hooks)
        if exact or isinstance(way, str):
            return way
        others = [near(way, neurons, examples, by_hooks) for examples in stimuli]
        return way if way in others else others[0]

    def _stimuli(self) -> list[Images]:
        """Stimuli that ways are tried with, stills last: before them sequences, if the module can be shown them."""
        parts = self._parts
        if parts.examples.ndim == STILL:
            return [parts.examples]
        stills, drive = first_frames(parts.examples), parts.trial.drive
        fit = drive.kind != "image" and not (drive.time_steps or 1) % parts.examples.shape[1]
        return [parts.examples, stills] if fit else [stills]
