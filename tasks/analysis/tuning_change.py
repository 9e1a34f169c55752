"""Answers of a layer's neurons to each class at each epoch, in either half of the test images."""

from __future__ import annotations

import numpy as np
import xarray as xr

HALVES = ("first", "second")


def class_moments(responses: xr.DataArray, classes: int) -> xr.Dataset:
    """Mean and variance of the responses to each class, from the responses to single images.

    ``responses`` (epoch, image, neuron) with coordinates ``label`` (0..classes-1) and ``first``
    (1: of the first half). Returns ``mean`` and ``variance`` (epoch, half, neuron, category), the unbiased
    one, NaN below one and two images, and ``count`` (half, category). One epoch is in memory at a time.
    """
    labels, first = responses.label.values, responses["first"].values == 1
    member = np.stack([np.eye(classes)[labels] * part[:, None] for part in (first, ~first)])
    count = member.sum(axis=1)
    epochs = [
        _moments(responses.isel(epoch=e), member, count) for e in range(responses.sizes["epoch"])
    ]
    dims = ("epoch", "half", "neuron", "category")
    means, variances = (np.stack(part) for part in zip(*epochs, strict=True))
    return xr.Dataset(
        {
            "mean": (dims, means),
            "variance": (dims, variances),
            "count": (("half", "category"), count),
        },
        coords={"epoch": responses.epoch, "neuron": responses.neuron, "half": list(HALVES)},
    )


def _moments(
    responses: xr.DataArray, member: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    values = responses.transpose("image", "neuron").values.astype(np.float64)
    centre = values.mean(axis=0)
    values = values - centre
    # (half, neuron, category): products of matrices over the images
    total = np.stack([values.T @ half for half in member])
    power = np.stack([np.square(values).T @ half for half in member])
    images = count[:, None, :]
    mean = np.where(images > 0, total / np.maximum(images, 1), np.nan)
    scatter = power - images * np.square(mean)
    # what is left of equal responses is rounding
    scatter = np.where(scatter < 1e-12 * power.sum(axis=(0, 2))[None, :, None], 0, scatter)
    variance = np.where(images > 1, scatter / np.maximum(images - 1, 1), np.nan)
    return mean + centre[None, :, None], variance
