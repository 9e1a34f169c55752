"""The measure of a student; whole students are fitted by the test of the mode that prints them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.students import StudentModel
from spikeatlas.snn.students.base import Answers, Recording
from spikeatlas.tasks.benchmark.student_fit import correlations


class Brightness(StudentModel):
    """Answers each image with its brightness, of neuron 1 with a constant."""

    def fit(self, recording: Recording, random: torch.Generator) -> None:
        """Nothing is to be learnt."""

    def answers(self, stimuli: Tensor, neurons: Tensor) -> Answers:
        bright = stimuli.mean((1, 2, 3)) * (neurons != 1)
        return Answers(bright, bright)


def test_each_neuron_s_answers_are_held_against_its_own_responses() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 1, 2, 2), dtype=np.uint8)
    bright = images.mean((1, 2, 3)).astype(np.float32)
    responses = np.stack([2 * bright + 1, bright, -bright, np.zeros(300, np.float32)], axis=1)

    fidelity = correlations(Brightness(1), images, responses)

    assert fidelity[[0, 2]] == pytest.approx([1, -1])
    assert np.isnan(fidelity[[1, 3]]).all()
