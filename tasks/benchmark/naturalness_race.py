"""The naturalness of the stimuli that each method found, beside their cost or gain in response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import GaussianSpace, Points, norm_quantile
from spikeatlas.snn.classifier import Classifier
from spikeatlas.snn.generators import CodeLatent
from spikeatlas.snn.generators.evaluation import density_quantile, kth_distances
from spikeatlas.tasks.analysis.naturalness import scale_at
from spikeatlas.tasks.atlas import UNLIKE
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import MAIN, REFERENCE, Cell, Setting
from spikeatlas.tasks.benchmark.scoring.statistics import Floats
from spikeatlas.tasks.benchmark.scoring.table import markdown, number
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.latent_space import SpaceSpec, space_of
from spikeatlas.tasks.workers import models

Images = NDArray[np.uint8]

NEIGHBOUR = 5
"""The neighbour whose distance is the density of an image."""


@dataclass(frozen=True, eq=False)
class MethodStimuli:
    """The stimuli of one method with one way of sharing; M = neurons x seeds."""

    label: str
    keys: tuple[tuple[int, str, int], ...]
    """Training seed, layer and neuron of each."""
    response: Floats
    """(M,)."""
    images: Images
    """(M, c, h, w)."""
    norm: Floats
    """(M,) quantile of the latent's length among the prior's; NaN for codes."""
    typicality: Floats
    """(M,) quantile of the critic's score (codes: the log-likelihood) among test images."""
    density: Floats
    """(M,) quantile of the distance to the fifth nearest test image, in the classifier's features, among
    test images: 0 is remote."""

    @property
    def natural(self) -> NDArray[np.bool_]:
        """(M,) True where neither is below the 5 % quantile of real images."""
        return np.asarray((self.typicality >= UNLIKE) & (self.density >= UNLIKE))


class NaturalnessJudge:
    """The judge of stimuli: the generator's critic or prior, and the classifier's features."""

    def __init__(self, setting: Setting, classifier: Classifier) -> None:
        """Look at the real images first."""
        self._setting, self._classifier = setting, classifier
        self._model = models.generator_at(setting.generator)
        self._scale = scale_at(setting.generator, setting.prior, setting.setup.data)
        self._real = classifier.features(models.dataset(setting.setup.data).test.images)
        self._radii = kth_distances(self._real, NEIGHBOUR)

    def look(
        self,
        label: str,
        keys: Sequence[tuple[int, str, int]],
        points: Points,
        response: Floats,
    ) -> MethodStimuli:
        """Decode points (M, d) and judge them."""
        images = self._model.decode(points)
        gaussian = not isinstance(self._model.latent, CodeLatent)
        features = self._classifier.features(images)
        density = density_quantile(features, self._real, NEIGHBOUR, self._radii)
        return MethodStimuli(
            label,
            tuple(keys),
            response,
            images,
            norm_quantile(points.astype(np.float32)) if gaussian else np.full(len(points), np.nan),
            self._scale.typicality(points, images),
            density,
        )

    def prior_samples(self, count: int) -> MethodStimuli:
        """Draw as many from the prior, which respond to nobody, and judge them."""
        latent = self._model.latent
        seed = seed_of(self._setting.setup.seed, "prior samples")
        prior = self._setting.prior
        space = (
            space_of(latent, SpaceSpec(), models.prior_at(prior) if prior else None)
            if isinstance(latent, CodeLatent)
            else GaussianSpace(latent.dim, None)
        )
        points = space.sample(np.random.default_rng(seed), count)
        keys = [(0, "", number) for number in range(count)]
        return self.look("prior samples", keys, points, np.full(count, np.nan))


def collect(judge: NaturalnessJudge, path: Path, cells: Iterable[Cell]) -> Iterator[MethodStimuli]:
    """Yield the stimuli of every method for the main neurons, in the order of the cells; then prior samples."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.group == MAIN and cell.label != REFERENCE:
            groups.setdefault(f"{cell.label}{', share on' if cell.share else ''}", []).append(cell)
    most = 0
    for label, group in groups.items():
        arrays = [results_store.arrays(path, f"cells/{cell.name}") for cell in group]
        keys = [(c.training_seed, c.layer, n) for c in group for n in c.neurons]
        points = np.concatenate([variables["latent"] for variables in arrays])
        response = np.concatenate([variables["response"] for variables in arrays])
        most = max(most, len(points))
        yield judge.look(label, keys, points, response.astype(np.float64))
    if most:
        yield judge.prior_samples(most)


def table(methods: Sequence[MethodStimuli]) -> str:
    """Return a line for each method; responses against those of the first."""
    head = (
        "stimuli of",
        "response / the first's",
        "length (quantile)",
        "typicality",
        "at least 5 %",
        "density (quantile)",
        "at least 5 %",
        "both",
    )
    return markdown(head, [_line(stimuli, methods[0]) for stimuli in methods])


def _line(stimuli: MethodStimuli, first: MethodStimuli) -> tuple[str, ...]:
    searched = bool(stimuli.keys[0][1])
    return (
        stimuli.label,
        number(float(np.median(relative(stimuli, first)))) if searched else "-",
        number(float(np.median(stimuli.norm))),
        number(float(np.median(stimuli.typicality))),
        _percent(stimuli.typicality >= UNLIKE),
        number(float(np.median(stimuli.density))),
        _percent(stimuli.density >= UNLIKE),
        _percent(stimuli.natural),
    )


def relative(stimuli: MethodStimuli, first: MethodStimuli) -> Floats:
    """Return the mean response of each neuron (in the order of the first's) / the first's."""
    responses, others = _by_neuron(stimuli), _by_neuron(first)
    common = [key for key in others if key in responses and others[key] > 0]
    return np.array([responses[key] / others[key] for key in common])


def _by_neuron(stimuli: MethodStimuli) -> dict[tuple[int, str, int], float]:
    values: dict[tuple[int, str, int], list[float]] = {}
    for key, response in zip(stimuli.keys, stimuli.response, strict=True):
        values.setdefault(key, []).append(float(response))
    return {key: float(np.mean(several)) for key, several in values.items()}


def _percent(truth: NDArray[np.bool_]) -> str:
    return f"{100 * truth.mean():.0f} %"
