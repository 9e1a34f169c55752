"""Ascent of a student's answers through a generator, from good points."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from spikeatlas.snn.ascent import LatentPath
from spikeatlas.snn.students.base import Answers

Answer = Callable[[Tensor, Tensor], Answers]
"""Answers to stimuli (n, c, h, w), 0..255, each for its neuron (n,), with a gradient."""
_BONUS = 0.03
"""Weight of the drive beside the response, which gives plateaus a slope."""
PIECES = 3
"""Parts of a climb, of each of which the best point is kept: a student errs more, the farther it is climbed."""


def climb(
    path: LatentPath,
    answer: Answer,
    neurons: Tensor,
    starts: Tensor,
    rate: float,
    steps: int,
    sign: int = 1,
) -> tuple[Tensor, Tensor]:
    """Climb for neurons (n,) from starts (n, d); return the points (n, pieces, d) and what is expected of them (n, pieces).

    ``sign`` -1 descends.
    """
    free = path.free(starts)
    optimizer = torch.optim.Adam([free], lr=rate * path.scale)
    expected = torch.full((PIECES, len(starts)), -torch.inf)
    points = starts.expand(PIECES, *starts.shape).clone()
    for step in range(steps + 1):
        at = path.points(free)
        inputs = path.inputs_of(at).detach().clone().requires_grad_()
        answers = answer(path.stimuli(inputs), neurons)
        value = sign * (answers.responses + _BONUS * torch.tanh(answers.drives))
        if step:
            piece = (step - 1) * PIECES // steps
            better = value.detach() > expected[piece]
            expected[piece, better] = value.detach()[better]
            points[piece, better] = at[better]
        if step < steps:
            (slope,) = torch.autograd.grad(value.sum(), inputs)
            free.grad = -slope
            optimizer.step()
    return points.transpose(0, 1), expected.T
