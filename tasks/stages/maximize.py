"""The search of one block, or of all blocks of an epoch together: the most exciting images of their neurons."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import uses_screening
from spikeatlas.snn.subjects import Unit
from spikeatlas.tasks.atlas import (
    DONE,
    FAILED,
    SATURATED,
    SILENT,
    STATUS,
    UNPLANNED,
    image_counts,
    write,
)
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.search.diverse import find_diverse
from spikeatlas.tasks.search.reevaluate import Optima
from spikeatlas.tasks.search.warm_start import Merged, merge, search_cold_and_warm, start_arrays
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.search_entries import SearchEntry

Arrays = dict[str, NDArray[Any]]


def maximize(run: Run, epoch: float, layer: str, start: int, stop: int) -> dict[str, int]:
    """Search with every method, sign and repeat, measure each best image afresh, and store the block.

    Return how many neurons failed (some search of theirs ended without a response), are silent (in
    all), and are done.
    """
    block = Block(epoch, layer, start, stop)
    (counts,) = search_together(run, (block,), (block,))
    return counts


def maximize_epoch(run: Run, epoch: float, pending: Sequence[Block]) -> list[dict[str, int]]:
    """Search for all neurons of an epoch together, and store, one after the other, the blocks that are ``pending``.

    The others, whose values come out as they are, are left alone. Return the counts of each, as ``maximize`` does.
    """
    return search_together(run, run.blocks(epoch), pending)


def search_together(
    run: Run, blocks: Sequence[Block], pending: Sequence[Block]
) -> list[dict[str, int]]:
    """Search for the neurons of some blocks together, and store those blocks that are pending."""
    # a probe of each sign, so that neither sees what the other has shown
    probes = {sign: BlockProbe(run, blocks, sign) for sign in run.search.signs}
    entries = [search_entry(probes[entry.sign], entry) for entry in run.search.entries]
    counts = {}
    for block, parts in zip(blocks, zip(*entries, strict=True), strict=True):
        if block in pending:
            arrays = {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}
            write.write_block(run.atlas, block, fill_up(arrays, run.search.most_repeats))
            counts[block] = count_states(arrays["status"])
    return [counts[block] for block in pending]


def search_entry(probe: BlockProbe, entry: SearchEntry) -> list[Arrays]:
    """Run all repeats of one entry of the search axis: arrays (neurons, repeats, ...) of each block.

    Searches that share nothing run together, all repeats in one batch, which changes no value. With
    sharing on, or a screening to learn from, each repeat is a group of its own.
    """
    repeats = range(probe.run.repeats(probe.epoch))
    apart = probe.run.search.share or uses_screening(probe.run.search.method(entry.method))
    groups = [(repeat,) for repeat in repeats] if apart else [tuple(repeats)]
    results = [search_group(probe, entry, group) for group in groups]
    return [
        {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
        for parts in zip(*results, strict=True)
    ]


def search_group(probe: BlockProbe, entry: SearchEntry, repeats: tuple[int, ...]) -> list[Arrays]:
    """Run one entry's searches of some repeats: arrays (neurons, repeats, ...) of each block."""
    began = time.perf_counter()
    searches = search_cold_and_warm(probe, entry, repeats)
    parts = [
        block_arrays(part, _of_neurons(searches, rows, len(repeats)), entry, repeats)
        for rows, part in probe.parts
    ]
    seconds = (time.perf_counter() - began) / len(searches[0].point)
    for arrays in parts:
        arrays["seconds"] = np.full_like(arrays["response"], seconds)
    return parts


def _of_neurons(searches: Sequence[Optima], neurons: slice, repeats: int) -> Sequence[Optima]:
    """Return the optima of some neurons, each of which stands ``repeats`` times in a row; of all as they are."""
    if neurons == slice(None):
        return searches
    rows = slice(neurons.start * repeats, neurons.stop * repeats)
    return [optima.of(rows) for optima in searches]


def block_arrays(
    probe: BlockProbe, searches: Sequence[Optima], entry: SearchEntry, repeats: tuple[int, ...]
) -> Arrays:
    """Return the variables of one block's searches, a cold one and perhaps a warm one: arrays (neurons, repeats, ...)."""
    merged = merge(searches, probe.objective.sign)
    seeds = probe.seeds("search", entry.method, repeats)
    arrays = search_arrays(merged, seeds, probe)
    if merged.drive is not None:
        arrays["drive"] = merged.drive
    if probe.run.search.warm_start:
        arrays |= start_arrays(searches, merged.warm, probe.unit, probe.objective.sign)
    if probe.run.search.diverse:
        archives = [optima.outcome.archive for optima in searches if optima.outcome.archive]
        arrays |= find_diverse(probe, merged.best, archives, probe.run.search.diverse)
    latents = {name: arrays[name] for name in arrays if name.endswith("latent")}
    dtype = probe.generator.latent.dtype
    arrays |= {name: values.astype(dtype) for name, values in latents.items()}
    return {
        name: values.reshape(*seeds.shape, *values.shape[1:]) for name, values in arrays.items()
    }


def search_arrays(merged: Merged, seeds: NDArray[np.int64], probe: BlockProbe) -> Arrays:
    """Return the variables that every search stores, a row a search."""
    images = np.array(image_counts(probe.run.search.budget)) - 1
    best = merged.best
    ended = outcome(merged, probe.unit, probe.objective.sign)
    return {
        "mei": shown(best.image, ended),
        "latent": best.point,
        "response": best.response,
        "search_response": merged.search_response,
        "images_shown": merged.queries.astype(np.int32),
        "seed": seeds.ravel(),
        "history": merged.history[:, images],
        "status": np.where(np.isnan(best.response), np.uint8(FAILED), ended),
    }


def shown(images: NDArray[np.uint8], status: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the images (searches, c, h, w), zeros of silent neurons: whatever came first is no MEI."""
    silent = (status == SILENT).reshape(-1, *(1,) * (images.ndim - 1))
    return np.where(silent, np.uint8(0), images)


def outcome(merged: Merged, unit: Unit, sign: int) -> NDArray[np.uint8]:
    """Return the status of searches that ended: silent (its best is no response), saturated (the unit's top) or done.

    Where responses may be negative, and for the least exciting image, a response of 0 is no end: a neuron is
    then silent only if it answered everything that was shown so. The least exciting image saturates a neuron that
    answers it with the unit's bottom, if that is below 0, or everything with its top.
    """
    top = np.nan if unit.top is None else unit.top
    best = merged.best.response
    silent, saturated = _always(merged, 0), _always(merged, top)
    if sign > 0:
        silent = best == 0 if unit.bottom == 0 else silent
        saturated = best == top
    elif unit.bottom is not None and unit.bottom < 0:
        saturated |= best == unit.bottom
    return np.select([silent, saturated], [SILENT, SATURATED], DONE).astype(np.uint8)


def _always(merged: Merged, value: float) -> NDArray[np.bool_]:
    """Return where everything that was shown was answered with ``value``."""
    always: NDArray[np.bool_] = (merged.lowest == value) & (merged.highest == value)
    return always


def fill_up(arrays: Arrays, repeats: int) -> Arrays:
    """Fill arrays (neurons, searches, repeats, ...) up to the atlas's repeats, with status unplanned."""
    fills: dict[str, Any] = {"status": UNPLANNED}

    def pad(name: str, values: NDArray[Any]) -> NDArray[Any]:
        width = [(0, 0)] * values.ndim
        width[2] = (0, repeats - values.shape[2])
        numbers = values.dtype.kind == "f" and not name.endswith("latent")
        fill = fills.get(name, np.nan if numbers else 0)
        return np.pad(values, width, constant_values=fill)

    return {name: pad(name, values) for name, values in arrays.items()}


def count_states(status: NDArray[np.uint8]) -> dict[str, int]:
    """Count the neurons of each state; ``status`` (neurons, searches, repeats)."""
    failed = int((status == FAILED).any(axis=(1, 2)).sum())
    silent = int((status == SILENT).all(axis=(1, 2)).sum())
    return {
        STATUS[FAILED]: failed,
        STATUS[SILENT]: silent,
        STATUS[DONE]: len(status) - failed - silent,
    }
