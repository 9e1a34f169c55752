"""How natural the stimuli are that each method found, beside what they cost or gain in response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import GaussianSpace
from spikeatlas.optim.spaces.norm import norm_quantile
from spikeatlas.optim.spaces.space import Points
from spikeatlas.snn.classifier.classifier import Classifier
from spikeatlas.snn.generators import CodeLatent
from spikeatlas.snn.generators.evaluation import density_quantile, kth_distances
from spikeatlas.tasks.atlas import UNLIKE
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import MAIN, REFERENCE, Cell, Setting
from spikeatlas.tasks.benchmark.models import generator, natural_scale
from spikeatlas.tasks.benchmark.statistics import Floats
from spikeatlas.tasks.benchmark.table import markdown, number
from spikeatlas.tasks.study.latent_space import SpaceSpec, space_of
from spikeatlas.tasks.study.run import seed_of
from spikeatlas.tasks.workers import models

Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Found:
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
        """(M,) whether neither is below the 5 % quantile of real images."""
        return np.asarray((self.typicality >= UNLIKE) & (self.density >= UNLIKE))


class Eye:
    """What looks at stimuli: the generator's critic or prior, and the classifier's features."""

    def __init__(self, setting: Setting, judge: Classifier) -> None:
        self._setting, self._judge = setting, judge
        self._model, self._scale = generator(setting), natural_scale(setting)
        self._real = judge.features(models.dataset(setting.data).test.images)
        self._radii = kth_distances(self._real, NEIGHBOUR)

    def look(
        self,
        label: str,
        keys: Sequence[tuple[int, str, int]],
        points: Points,
        response: Floats,
    ) -> Found:
        """Decode points (M, d) and judge them."""
        images = self._model.decode(points)
        gaussian = not isinstance(self._model.latent, CodeLatent)
        density = density_quantile(self._judge.features(images), self._real, NEIGHBOUR, self._radii)
        return Found(
            label, tuple(keys), response, images,
            norm_quantile(points.astype(np.float32)) if gaussian else np.full(len(points), np.nan),
            self._scale.typicality(points, images), density,
        )  # fmt: skip

    def prior_samples(self, count: int) -> Found:
        """As many draws from the prior, which respond to nobody."""
        latent = self._model.latent
        seed = seed_of(self._setting.seed, "prior samples")
        space = (
            space_of(
                latent,
                SpaceSpec(),
                models.prior_at(self._setting.prior) if self._setting.prior else None,
            )
            if isinstance(latent, CodeLatent)
            else GaussianSpace(latent.dim, None)
        )
        points = space.sample(np.random.default_rng(seed), count)
        return self.look(
            "prior samples",
            [(0, "", place) for place in range(count)],
            points,
            np.full(count, np.nan),
        )


NEIGHBOUR = 5


def collect(eye: Eye, path: Path, cells: Iterable[Cell]) -> Iterator[Found]:
    """What every method found for the main neurons, in the order of the cells' labels; then prior samples."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.group == MAIN and cell.label != REFERENCE:
            groups.setdefault(f"{cell.label}{', share on' if cell.share else ''}", []).append(cell)
    most = 0
    for label, group in groups.items():
        arrays = [results_store.arrays(path, f"cells/{cell.name}") for cell in group]
        keys = [(c.training_seed, c.layer, n) for c in group for n in c.neurons]
        points = np.concatenate([each["latent"] for each in arrays])
        response = np.concatenate([each["response"] for each in arrays]).astype(np.float64)
        most = max(most, len(points))
        yield eye.look(label, keys, points, response)
    if most:
        yield eye.prior_samples(most)


def table(found: Sequence[Found]) -> str:
    """A line for each method; responses against those of the first."""
    head = (
        "stimuli of", "response / the first's", "length (quantile)", "typicality", "at least 5 %",
        "density (quantile)", "at least 5 %", "both",
    )  # fmt: skip
    return markdown(head, [_line(each, found[0]) for each in found])


def _line(each: Found, first: Found) -> tuple[str, ...]:
    return (
        each.label, number(float(np.median(relative(each, first)))) if each.keys[0][1] else "-",
        number(float(np.median(each.norm))), number(float(np.median(each.typicality))),
        _percent(each.typicality >= UNLIKE), number(float(np.median(each.density))),
        _percent(each.density >= UNLIKE), _percent(each.natural),
    )  # fmt: skip


def relative(each: Found, first: Found) -> Floats:
    """Mean response of each neuron (in the order of the first's) / the first's."""
    ours, theirs = _by_neuron(each), _by_neuron(first)
    common = [key for key in theirs if key in ours and theirs[key] > 0]
    return np.array([ours[key] / theirs[key] for key in common])


def _by_neuron(each: Found) -> dict[tuple[int, str, int], float]:
    values: dict[tuple[int, str, int], list[float]] = {}
    for key, response in zip(each.keys, each.response, strict=True):
        values.setdefault(key, []).append(float(response))
    return {key: float(np.mean(several)) for key, several in values.items()}


def _percent(truth: NDArray[np.bool_]) -> str:
    return f"{100 * truth.mean():.0f} %"
