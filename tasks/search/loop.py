"""One search by one method for a block of neurons: propose, decode, respond, learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeatlas.optim import Maximizer, Points, Result, make_maximizer, uses_pool, uses_screening
from spikeatlas.snn.generators import Generator
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.search.archive import Archive
from spikeatlas.tasks.search.objective import Trade, trade_of
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.stopping import check_stop

Respond = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Stimuli (n, c, h, w) to responses (n, searches)."""


@dataclass(frozen=True, eq=False)
class Task:
    """What one search is for: the N neurons of a block, with R repeats in lock step."""

    block: Block
    method: str
    repeats: tuple[int, ...]
    seeds: NDArray[np.int64]
    """(N, R)."""
    budget: int
    """Images a search."""
    starts: Points | None = None
    """(N * R, m, d): points to start from."""


def run_search(run: Run, task: Task) -> tuple[Result, Archive | None]:
    """Run one search to its end; with what it showed, where the run needs to know that."""
    model = models.generator(run)
    respond = respond_to(run, task.block, "search", len(task.repeats))
    search = make_maximizer(
        task.method, models.search_space(run), seeds=task.seeds.ravel(), budget=task.budget,
        share=run.search.share, sign=run.search.sign, starts=task.starts,
        pool=models.natural_points(run) if uses_pool(task.method) else None,
        allocation=run.search.allocation,
        **run.search.options_of(task.method),
    )  # fmt: skip
    archive = Archive(task.seeds.size, share=run.search.share) if keeps_archive(run) else None
    trade = trade_of(run, task.block, len(task.repeats))
    if uses_screening(task.method):
        tell_screening(run, task, search, archive, trade)
    while not search.done:
        check_stop()
        batch = search.ask()
        told = evaluate(run, model, respond, trade, batch.points)
        search.tell(batch, told)
        if archive:
            archive.add(batch, told)
    result = search.result()
    return trade.of(result) if trade else result, archive


def keeps_archive(run: Run) -> bool:
    """Whether anything but the best that a search saw is wanted of it."""
    return run.stochastic or run.search.diverse > 0


def tell_screening(
    run: Run, task: Task, search: Maximizer, archive: Archive | None, trade: Trade | None
) -> None:
    """Tell a search the screening of its epoch and (one) repeat, as the atlas holds it."""
    (repeat,) = task.repeats
    points, responses = read.screening(run.atlas, task.block, repeat)
    points = points.astype(search.problem.space.dtype, copy=False)
    told = responses
    if trade:
        images = models.generator(run).decode(points, batch_size=run.responder.batch_size)
        told = trade.told(responses, points, images)
    search.tell_screening(points, told)
    if archive:
        archive.add_common(points, told)


def evaluate(
    run: Run, model: Generator, respond: Respond, trade: Trade | None, points: Points
) -> NDArray[np.float32]:
    """What to tell of points (n, d), (n, searches), each different one decoded and shown once.

    A stimulus answers the same wherever it stands, so this changes no value; a search that has
    nearly settled proposes many points twice.
    """
    different, places = np.unique(points, axis=0, return_inverse=True)
    stimuli = model.decode(different, batch_size=run.responder.batch_size)
    responses = respond(stimuli)
    told = trade.told(responses, different, stimuli) if trade else responses
    return told[places.reshape(-1)]


def respond_to(run: Run, block: Block, purpose: str, repeats: int) -> Respond:
    """Responses of the block's neurons, each standing ``repeats`` times (one search a repeat)."""
    neurons = run.layers[block.layer][block.start : block.stop]
    responder = models.responder(run, block.epoch, purpose, {block.layer: neurons})
    return lambda stimuli: np.repeat(responder(stimuli)[block.layer], repeats, axis=1)


def own_responses(
    run: Run, task: Task, purpose: str, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Responses (N * R, k) of each search's neuron to its own k stimuli (N * R, k, c, h, w)."""
    searches, count = images.shape[:2]
    flat = images.reshape(-1, *images.shape[2:])
    answers = respond_to(run, task.block, purpose, len(task.repeats))(flat)
    own = answers[np.arange(len(flat)), np.repeat(np.arange(searches), count)]
    return own.reshape(searches, count)
