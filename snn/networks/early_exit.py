"""Early exit: the time steps that a network still answers to."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from spikeatlas.snn.norms import Norm


def steps_before_exit(norms: Iterable[Norm | None], time_steps: int) -> int:
    """Return the steps before the first at which every layer's mean scale is below its threshold; at least 1.

    ``norms`` of all layers; those without ``exit_below`` are not asked. All ``time_steps`` where there is no such step
    (Kim and Panda 2021, arXiv 2010.01729).
    """
    pairs = ((norm.exit_below, norm.step_scales()) for norm in norms if norm is not None)
    below = [
        scales.mean(1) < threshold
        for threshold, scales in pairs
        if threshold is not None and scales is not None
    ]
    steps = torch.stack(below).all(0).nonzero() if below else torch.empty(0)
    return min(time_steps, max(1, int(steps[0]))) if len(steps) else time_steps
