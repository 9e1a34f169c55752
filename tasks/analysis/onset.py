"""The onset of a neuron's selectivity."""

from __future__ import annotations

import numpy as np
import xarray as xr

from spikeatlas.tasks.analysis.thresholds import Thresholds

NEVER = -1


def selective(csi: xr.DataArray, q: xr.DataArray, smallest: float, rate: float) -> xr.DataArray:
    """Return where a neuron's index is at least ``smallest``, and one of few such by chance (``q`` at most ``rate``).

    Both (epoch, neuron); NaN, a neuron without enough responses, is not selective.
    """
    return (csi >= smallest) & (q <= rate)


def onset_row(is_selective: xr.DataArray) -> xr.DataArray:
    """Row (neuron,) of the first epoch at which, and at the next one too, the neuron is selective; -1: never.

    Two in a row, since a single one in many epochs may be luck: with false discoveries at 0.05 two are
    0.0025. At the last epoch, which has no next, one is enough.
    """
    values = is_selective.transpose("epoch", "neuron").values
    lasting = values.copy()
    lasting[:-1] &= values[1:]
    row = np.where(lasting.any(axis=0), lasting.argmax(axis=0), NEVER)
    return xr.DataArray(row, dims="neuron", coords={"neuron": is_selective.neuron})


def epoch_at(row: xr.DataArray, epochs: xr.DataArray) -> xr.DataArray:
    """The epochs (neuron,) at rows; NaN where there is none."""
    return xr.DataArray(
        np.where(row.values < 0, np.nan, epochs.values[row.values]).astype(np.float64),
        dims="neuron",
        coords={"neuron": row.neuron},
    )


def onset_epoch(csi: xr.DataArray, q: xr.DataArray, bars: Thresholds) -> xr.DataArray:
    """Epoch (neuron,) from which a neuron is selective, NaN if it never is."""
    is_selective = selective(csi, q, bars.selective_csi, bars.rate)
    return epoch_at(onset_row(is_selective), csi.epoch)


def highly_selective_onset(csi: xr.DataArray, q: xr.DataArray, bars: Thresholds) -> xr.DataArray:
    """The same with the bar of a highly selective neuron: its preferred class drives it twice as much."""
    is_selective = selective(csi, q, bars.highly_selective_csi, bars.rate)
    return epoch_at(onset_row(is_selective), csi.epoch)
