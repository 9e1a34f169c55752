"""Measures of how well a student knows its network: its answers to images that it never saw, beside the network's."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spikeatlas.optim import CodeSpace, Knowledge, Points, Space, draw_textures
from spikeatlas.snn.students import StudentModel
from spikeatlas.tasks.benchmark.cells import Cell, Setting
from spikeatlas.tasks.benchmark.run_cell import CellProbe
from spikeatlas.tasks.search.block_student import BlockStudent
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.workers import models

Images = NDArray[np.uint8]
_HELD_OUT = 500
_TOGETHER = 256


@dataclass(frozen=True)
class StudentFit:
    """One student of the neurons of one layer of one network."""

    layer: str
    knows: Knowledge
    images: int
    """Images that it was fitted to, for each neuron."""
    samples: NDArray[np.float64]
    """(N,) correlation of its answers with the network's over other images of the kind that it was fitted to; NaN where
    either answers all alike."""
    natural: NDArray[np.float64]
    """(N,) the same over natural test images."""
    seconds: float
    """Of the fit, on the processor's clock."""


def fit_student(setting: Setting, cell: Cell, knows: Knowledge) -> StudentFit:
    """Fit a student of a cell's neurons to what a screening of the cell's images brings, and hold it against other images."""
    probe = CellProbe(setting, cell)
    names = setting.setup.seed, "student", cell.training_seed, cell.layer
    rng = np.random.default_rng(seed_of(*names))
    images = probe.decode(_draw(probe.space, rng, cell.images))
    _, recordings = probe.listen("search", images, "all")
    student = BlockStudent(probe.site(knows), probe.generator, probe.space, probe.objective)
    began = time.process_time()
    model, _ = student.fit(recordings, seed_of(*names, "fit"))
    seconds = time.process_time() - began
    samples = probe.decode(_draw(probe.space, rng, _HELD_OUT))
    natural = models.dataset(setting.setup.data).test.images[:_HELD_OUT]
    return StudentFit(
        cell.layer,
        knows,
        cell.budget,
        correlations(model, samples, probe.respond("held out", samples)),
        correlations(model, natural, probe.respond("held out", natural)),
        seconds,
    )


def _draw(space: Space, rng: np.random.Generator, count: int) -> Points:
    """Draw what a search screens with."""
    return (
        draw_textures(space, rng, count)
        if isinstance(space, CodeSpace)
        else space.sample(rng, count)
    )


def correlations(
    model: StudentModel, images: Images, responses: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the correlation (N,) of answers to images (k, c, h, w) with responses (k, N); NaN where either is constant."""
    return np.array(
        [
            _correlation(row, _answers(model, images, neuron))
            for neuron, row in enumerate(responses.T)
        ]
    )


@torch.no_grad()
def _answers(model: StudentModel, images: Images, neuron: int) -> NDArray[np.float32]:
    parts = torch.split(torch.from_numpy(images), _TOGETHER)
    rows = [model.answers(part.float(), torch.full((len(part),), neuron)) for part in parts]
    return torch.cat([row.responses for row in rows]).numpy()


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    constant = np.ptp(one) == 0 or np.ptp(other) == 0
    return np.nan if constant else float(np.corrcoef(one, other)[0, 1])
