"""The student of a block of neurons: made of what the subject can tell, fitted to what was recorded, climbed, and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.optim import (
    RESPONSE,
    Brief,
    GaussianSpace,
    Knowledge,
    Points,
    Recordings,
    Space,
)
from spikeatlas.snn.ascent import Confine, make_path
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.generators import Generator
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.readings import UnitChoice
from spikeatlas.snn.students import (
    MANY,
    ONE,
    GenericStudent,
    LayeredStudent,
    Recording,
    SearchedNeuron,
    Structure,
    StudentModel,
    climb,
    divided,
    map_recorder,
    response_scale,
    scaled_unit,
    structure_of,
)
from spikeatlas.snn.subjects import Subject
from spikeatlas.tasks.search.objective import Objective

Images = NDArray[np.uint8]
Maps = dict[str, NDArray[np.float32]]
STIMULUS = "stimulus"
"""Name of the images among what is recorded."""

_MAPPED = 256
"""Images of which maps are recorded: the first that were shown."""
_CODE_RATE, _VECTOR_RATE = 1.0, 0.1
_STEPS = 40


@dataclass(frozen=True, eq=False)
class StudentSite:
    """All that a student is made of."""

    layers: dict[str, LayerInfo]
    """Layers that are recorded, shallow to deep."""
    targets: tuple[SearchedNeuron, ...]
    """The neurons that are searched."""
    reading: UnitChoice
    """Of maps, that responses are."""
    structure: Structure | None
    """Of the layers; None where it is not known."""
    maps: Callable[[Images], Maps] | None
    """Records the responses of all units, (n, units, ...) of each layer, to stimuli; None where only numbers are told."""


def student_site(
    subject: Subject,
    neurons: Mapping[str, Sequence[int]],
    reading: UnitChoice | None,
    knows: Knowledge | None,
    key: CodingKey | None,
) -> StudentSite:
    """Return what a student of neurons of some layers is made of, which knows no more than ``knows``, or than the subject tells.

    ``reading``: of maps, that responses are; None where they are no rates.
    """
    structure = None if knows == "numbers" else structure_of(subject)
    names = list(subject.layers)
    last = len(names) if structure is None else max(map(names.index, neurons)) + 1
    layers = {name: subject.layers[name] for name in names[:last]}
    mapped = structure is not None and knows in (None, "maps") and reading is not None
    maps = map_recorder(subject, layers, key) if mapped else None
    targets = [SearchedNeuron(name, neuron) for name, row in neurons.items() for neuron in row]
    return StudentSite(layers, tuple(targets), reading or "channel", structure, maps)


class BlockStudent:
    """A student of N neurons of one layer, as the method ``twin`` asks it (``optim.Student``)."""

    def __init__(
        self, site: StudentSite, generator: Generator, space: Space, objective: Objective
    ) -> None:
        """ValueError for a generator that cannot be climbed."""
        self._site, self._space, self._objective = site, space, objective
        self._generator = generator
        self._path = make_path(generator, _confine(space))
        self._rate = _VECTOR_RATE if generator.latent.kind == "gaussian" else _CODE_RATE

    def __call__(self, brief: Brief) -> Points:
        """Return points (n, count, d) that are expected to drive neurons most, the best first.

        Fitted and climbed anew for each brief, from its seed alone.
        """
        model, scale = self.fit(brief.recordings, brief.seed)
        points, expected = self._climb(model, brief)
        worth = self._worth(points, expected * scale[brief.neurons, None], brief)
        order = np.argsort(-worth, axis=1, kind="stable")[:, : brief.count]
        return np.take_along_axis(points, order[..., None], axis=1)

    def fit(self, recordings: Recordings, seed: int) -> tuple[StudentModel, NDArray[np.float32]]:
        """Return the model of what was recorded, and what the responses (m,) of its neurons were divided by."""
        site = self._site
        responses = torch.from_numpy(recordings[RESPONSE])
        numbers = {
            name: torch.from_numpy(recordings[name]) for name in site.layers if name in recordings
        }
        scales = {
            name: response_scale(values, site.layers[name].unit) for name, values in numbers.items()
        }
        scale = self._scale(responses)
        images = recordings[STIMULUS]
        maps = {} if site.maps is None else site.maps(images[:_MAPPED])
        recording = Recording(
            torch.from_numpy(images),
            divided(responses, scale),
            {name: divided(values, scales[name]) for name, values in numbers.items()},
            {name: divided(torch.from_numpy(maps[name]), scales[name]) for name in maps},
        )
        model = self._model(isolated=not numbers)
        model.fit(recording, torch.Generator().manual_seed(seed))
        return model, scale.numpy()

    def _scale(self, responses: Tensor) -> Tensor:
        """Return what the responses (k, m) of the searched neurons are divided by, (m,); an isolated one's stand alone."""
        units = [self._site.layers[target.layer].unit for target in self._site.targets]
        columns = zip(responses.unsqueeze(2).unbind(1), units, strict=False)
        return torch.cat([response_scale(column, unit) for column, unit in columns])

    def _model(self, *, isolated: bool) -> StudentModel:
        """Make a student; ``isolated``: of one neuron, of which nothing but its own responses was told."""
        site, shape = self._site, self._generator.image_shape
        units = {name: scaled_unit(info.unit) for name, info in site.layers.items()}
        if isolated:
            return GenericStudent(shape, [units[site.targets[0].layer]], {}, ONE)
        if site.structure is None:
            return GenericStudent(
                shape, [units[target.layer] for target in site.targets], units, MANY
            )
        return LayeredStudent(site.structure, shape, site.targets, site.reading)

    def _climb(self, model: StudentModel, brief: Brief) -> tuple[Points, NDArray[np.float32]]:
        """Climb from the best points of each neuron, and one of the prior: points (n, k, d), expected responses (n, k)."""
        count, _, dim = brief.starts.shape
        rng = np.random.default_rng(brief.seed)
        draws = self._space.sample(rng, count)[:, None].astype(brief.starts.dtype)
        starts = np.concatenate([brief.starts, draws], axis=1)
        neurons = torch.from_numpy(brief.neurons).repeat_interleave(starts.shape[1])
        points, expected = climb(
            self._path,
            model.answers,
            neurons,
            torch.from_numpy(starts).flatten(0, 1),
            rate=self._rate,
            steps=_STEPS,
            sign=self._objective.sign,
        )
        return points.reshape(count, -1, dim).numpy(), expected.reshape(count, -1).numpy()

    def _worth(
        self, points: Points, responses: NDArray[np.float32], brief: Brief
    ) -> NDArray[np.float32]:
        """Return how much each point (n, k, d) promises, (n, k): with naturalness, by what its image is worth as well."""
        objective = self._objective.of(brief.neurons)
        if objective.naturalness is None:
            return responses
        images = self._generator.decode(points.reshape(-1, points.shape[2]))
        images = images.reshape(*points.shape[:2], *images.shape[1:])
        sign = objective.sign
        return sign * objective.own_values(sign * responses, points, images)


def _confine(space: Space) -> Confine | None:
    """Return what brings latents to what may be chosen; None for codes."""
    if not isinstance(space, GaussianSpace):
        return None
    return lambda latents: torch.from_numpy(space.confine(latents.numpy())).to(latents.dtype)
