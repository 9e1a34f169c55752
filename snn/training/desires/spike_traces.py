"""Spike-timing traces, and the changes of weights that they make: no gradient is taken.

A trace is what a synapse remembers of the spikes that came in: ``x = decay x + s`` at every step (Gerlinghoff et al.
2023, desire backpropagation).
"""

from __future__ import annotations

from torch import Tensor


def spike_traces(spikes: Tensor, decay: float) -> Tensor:
    """Traces (T, n, units) after each step of spikes (T, n, units)."""
    traces = spikes.clone()
    for step in range(1, len(traces)):
        traces[step].add_(traces[step - 1], alpha=decay)
    return traces


def weight_change(inputs: Tensor, spikes: Tensor, desires: Tensor, decay: float) -> Tensor:
    """Change (units, inputs) of a layer's weights at rate 1, summed over the images.

    Of ``inputs`` (T, n, inputs) and ``spikes`` (T, n, units), each step of which follows the inputs of the steps before
    it, and of ``desires`` (n, units) of -1, 0 and 1: every spike of a unit adds the traces of its inputs at that step,
    times the desire. A unit without a spike learns nothing.
    """
    # as training goes on, more and more images leave all units alone
    images = desires.any(1)
    inputs, spikes, desires = inputs[:-1, images], spikes[1:, images], desires[images]
    signed = (spikes * desires).flatten(0, 1)
    return signed.T @ spike_traces(inputs, decay).flatten(0, 1)
