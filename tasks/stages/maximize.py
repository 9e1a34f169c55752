"""The unit of work at the heart: find the most exciting images of one block of neurons."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import uses_screening
from spikeatlas.tasks.atlas import (
    DONE,
    FAILED,
    SATURATED,
    SILENT,
    STATUS,
    UNPLANNED,
    queries,
    ranks,
    read,
    write,
)
from spikeatlas.tasks.search.diverse import find_diverse
from spikeatlas.tasks.search.loop import Task, run_search
from spikeatlas.tasks.search.reevaluate import Chosen, choose
from spikeatlas.tasks.search.warm_start import Merged, lane_arrays, merge
from spikeatlas.tasks.study.run import Block, Run, seed_of
from spikeatlas.tasks.workers import models

Arrays = dict[str, NDArray[Any]]


def maximize(run: Run, epoch: float, layer: str, start: int, stop: int) -> dict[str, int]:
    """Search with every method and repeat, measure each best image afresh, and store the block.

    Returns how many neurons failed (some search of theirs ended without a response), are silent (in all), and are
    done.
    """
    models.one_thread()
    block = Block(epoch, layer, start, stop)
    found = [search_method(run, block, method) for method in run.search.methods]
    arrays = {name: np.stack([part[name] for part in found], axis=1) for name in found[0]}
    write.write_block(run.atlas, block, fill_up(arrays, run.search.most_repeats))
    return counts_of(arrays["status"])


def counts_of(status: NDArray[np.uint8]) -> dict[str, int]:
    """Neurons by state; ``status`` (neurons, methods, repeats)."""
    failed = int((status == FAILED).any(axis=(1, 2)).sum())
    silent = int((status == SILENT).all(axis=(1, 2)).sum())
    return {
        STATUS[FAILED]: failed,
        STATUS[SILENT]: silent,
        STATUS[DONE]: len(status) - failed - silent,
    }


def fill_up(arrays: Arrays, repeats: int) -> Arrays:
    """Arrays (neurons, methods, repeats, ...) of the atlas's number of repeats: those further are unplanned."""
    fills: dict[str, Any] = {"status": UNPLANNED, "seed": -1}

    def filled(name: str, values: NDArray[Any]) -> NDArray[Any]:
        width = [(0, 0)] * values.ndim
        width[2] = (0, repeats - values.shape[2])
        fill = fills.get(
            name, np.nan if values.dtype.kind == "f" and not name.endswith("latent") else 0
        )
        return np.pad(values, width, constant_values=fill)

    return {name: filled(name, values) for name, values in arrays.items()}


def search_method(run: Run, block: Block, method: str) -> Arrays:
    """All repeats of one method: arrays (neurons, repeats, ...).

    Searches that share nothing run together, all repeats in one batch, which changes no value. With
    sharing on, or a screening to learn from, each repeat is a group of its own.
    """
    repeats = range(run.repeats(block.epoch))
    apart = run.search.share or uses_screening(method)
    groups = [(repeat,) for repeat in repeats] if apart else [tuple(repeats)]
    parts = [search_group(run, block, method, group) for group in groups]
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def search_group(run: Run, block: Block, method: str, repeats: tuple[int, ...]) -> Arrays:
    """One method's search for a block and some repeats: arrays (neurons, repeats, ...)."""
    began = time.perf_counter()
    before = read.epoch_before(run.atlas, block.epoch) if run.search.warm_start else None
    budgets = run.lanes(first=before is None)
    cold = Task(block, method, repeats, seeds_of(run, "search", block, method, repeats), budgets[0])
    lanes = [choose(run, cold, *run_search(run, cold))]
    if before is not None:
        starts = read.latents(run.atlas, block._replace(epoch=before), method, repeats)
        seeds = seeds_of(run, "warm", block, method, repeats)
        warm = Task(block, method, repeats, seeds, budgets[1], starts.astype(lanes[0].point.dtype))
        lanes.append(choose(run, warm, *run_search(run, warm)))
    merged = merge(run, lanes)
    flat = arrays_of(run, merged, cold.seeds)
    if run.search.warm_start:
        flat |= lane_arrays(lanes, merged.warm)
    if run.search.diverse:
        archives = [lane.archive for lane in lanes if lane.archive]
        flat |= find_diverse(run, cold, merged.best, archives, ranks(run.search.diverse))
    seconds = (time.perf_counter() - began) / cold.seeds.size
    flat["seconds"] = np.full(cold.seeds.size, seconds, np.float32)
    shape = cold.seeds.shape
    stored = models.generator(run).latent.dtype
    flat |= {name: each.astype(stored) for name, each in flat.items() if name.endswith("latent")}
    return {name: values.reshape(*shape, *values.shape[1:]) for name, values in flat.items()}


def seeds_of(
    run: Run, lane: str, block: Block, method: str, repeats: tuple[int, ...]
) -> NDArray[np.int64]:
    """The seeds (neurons, repeats) of a lane's searches."""
    neurons = run.layers[block.layer][block.start : block.stop]
    return np.array([
        [seed_of(run.seed, lane, block.epoch, block.layer, neuron, method, repeat) for repeat in repeats]
        for neuron in neurons
    ])  # fmt: skip


def arrays_of(run: Run, merged: Merged, seeds: NDArray[np.int64]) -> Arrays:
    """What every search stores, a row a search."""
    asked = np.array(queries(run.search.budget)) - 1
    best: Chosen = merged.best
    ended = (
        outcome(best.response) if run.search.sign > 0 else states(merged.silent, merged.saturated)
    )
    return {
        "mei": best.image,
        "latent": best.point,
        "response": best.response,
        "search_response": merged.search_response,
        "queries": merged.queries.astype(np.int32),
        "seed": seeds.ravel(),
        "history": merged.history[:, asked],
        "status": np.where(np.isnan(best.response), np.uint8(FAILED), ended),
    }


def outcome(response: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The status of searches that ended: silent (rate 0), saturated (rate 1) or done."""
    return states(response == 0, response == 1)


def states(silent: NDArray[np.bool_], saturated: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The status of searches that ended.

    For the least exciting image a response of 0 is what was looked for, so a neuron is silent (or
    saturated) only if it answered everything that was shown alike.
    """
    return np.select([silent, saturated], [SILENT, SATURATED], DONE).astype(np.uint8)
