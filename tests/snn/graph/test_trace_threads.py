"""A trace replaces methods of all modules of the process: other threads must not notice."""

from __future__ import annotations

import threading

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.graph.trace import traced


class Slow(nn.Module):
    """A module whose forward waits for another thread to have called it."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.inside, self.done = threading.Event(), threading.Event()

    def forward(self, x: Tensor) -> Tensor:
        self.inside.set()
        assert self.done.wait(10)
        values: Tensor = self.inner(x)
        return values


def test_other_threads_run_as_ever_while_a_module_is_traced() -> None:
    inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    slow, images = Slow(inner), torch.rand(2, 3)
    before = inner(images).detach().numpy()
    graphs = []
    tracing = threading.Thread(target=lambda: graphs.append(traced(slow)))
    tracing.start()
    assert slow.inside.wait(10)

    # the same parameters, and a call of a module that the trace's root does not have
    during = nn.Sequential(inner)(images)
    slow.done.set()
    tracing.join()

    assert isinstance(during, Tensor)
    np.testing.assert_array_equal(during.detach().numpy(), before)
    assert [node.op for node in graphs[0].nodes][:2] == ["placeholder", "call_module"]
