"""The unit of work at the heart: find the most exciting images of one block of neurons."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optim import Result, make_maximizer
from snn.generators import CodeGenerator
from tasks import loading
from tasks.atlas import write
from tasks.atlas.schema import DONE, SATURATED, SILENT, queries
from tasks.job import Block, Job, seed_of
from tasks.stopping import check_stop

Arrays = dict[str, NDArray[Any]]
Respond = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Stimuli (n, c, h, w) to responses (n, neurons of the block)."""


def maximize(job: Job, epoch: float, layer: str, start: int, stop: int) -> None:
    """Search with every method and repeat, measure each best image afresh, and store the block."""
    loading.one_thread()
    block = Block(epoch, layer, start, stop)
    found = [search_method(job, block, method) for method in job.search.methods]
    arrays = {name: np.stack([part[name] for part in found], axis=1) for name in found[0]}
    write.write_block(job.atlas, block, arrays)


def search_method(job: Job, block: Block, method: str) -> Arrays:
    """All repeats of one method: arrays (neurons, repeats, ...).

    Searches that share nothing run together, all repeats in one batch, which changes no value; with
    sharing on, each repeat is a group of its own.
    """
    repeats = range(job.search.repeats)
    groups = [[repeat] for repeat in repeats] if job.search.share else [list(repeats)]
    parts = [search_group(job, block, method, group) for group in groups]
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def search_group(job: Job, block: Block, method: str, repeats: list[int]) -> Arrays:
    """One method's search for a block and some repeats: arrays (neurons, repeats, ...)."""
    began = time.perf_counter()
    neurons = job.layers[block.layer][block.start : block.stop]
    seeds = np.array([
        [seed_of(job.seed, "search", block.epoch, block.layer, neuron, method, repeat) for repeat in repeats]
        for neuron in neurons
    ])  # fmt: skip
    result = run_search(job, block, method, seeds)
    model = loading.generator(job)
    images = model.decode(loading.codes(result.best_point), batch_size=job.responder.batch_size)
    answers = respond_to(job, block, "report", len(repeats))(images)
    response = answers[np.arange(len(images)), np.arange(len(images))]
    asked = np.array(queries(job.search.budget)) - 1
    flat: Arrays = {
        "mei": images,
        "latent": result.best_point.astype(np.int32),
        "response": response,
        "search_response": result.best_response,
        "queries": result.queries.astype(np.int32),
        "seed": seeds.ravel(),
        "seconds": np.full(seeds.size, (time.perf_counter() - began) / seeds.size, np.float32),
        "history": result.history[:, asked],
        "status": outcome(response),
    }
    return {name: values.reshape(*seeds.shape, *values.shape[1:]) for name, values in flat.items()}


def run_search(job: Job, block: Block, method: str, seeds: NDArray[np.int64]) -> Result:
    """The loop of propose, decode, respond, learn, for seeds (neurons, repeats)."""
    model = loading.generator(job)
    respond = respond_to(job, block, "search", seeds.shape[1])
    search = make_maximizer(
        method, loading.space(model), seeds=seeds.ravel(), budget=job.search.budget,
        share=job.search.share, **(job.search.options or {}).get(method, {}),
    )  # fmt: skip
    while not search.done:
        check_stop()
        batch = search.ask()
        search.tell(batch, evaluate(job, model, respond, loading.codes(batch.points)))
    return search.result()


def evaluate(
    job: Job, model: CodeGenerator, respond: Respond, points: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Responses (n, searches) to points (n, positions), each different one decoded and shown once.

    A stimulus answers the same wherever it stands, so this changes no value; a search that has
    nearly settled proposes many points twice.
    """
    different, places = np.unique(points, axis=0, return_inverse=True)
    stimuli = model.decode(different, batch_size=job.responder.batch_size)
    return respond(stimuli)[places.reshape(-1)]


def respond_to(job: Job, block: Block, purpose: str, repeats: int) -> Respond:
    """Responses of the block's neurons, each standing ``repeats`` times (one search a repeat)."""
    neurons = job.layers[block.layer][block.start : block.stop]
    responder = loading.responder(job, block.epoch, purpose, {block.layer: neurons})
    return lambda stimuli: np.repeat(responder(stimuli)[block.layer], repeats, axis=1)


def outcome(response: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The status of searches that ended: silent (rate 0), saturated (rate 1) or done."""
    return np.select([response == 0, response == 1], [SILENT, SATURATED], DONE).astype(np.uint8)
