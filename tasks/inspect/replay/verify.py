"""Replaying an atlas: every stored image through its checkpoint, every latent through the generator."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spikeatlas.snn.device import Device
from spikeatlas.tasks.atlas import (
    ANALYSED,
    SEARCH,
    SILENT,
    STATUS,
    UNPLANNED,
    Tree,
    flagged,
    integrity,
    open_tree,
    zero_is_silence,
)
from spikeatlas.tasks.inspect.replay.replay_tolerance import tolerance
from spikeatlas.tasks.inspect.replay.replay_verdict import Verdict
from spikeatlas.tasks.inspect.replay.verify_best import best_damage
from spikeatlas.tasks.inspect.replay.verify_device import (
    Devices,
    SpikeCount,
    made_on,
    replayed_on,
    spike_counts,
    summed,
    unlike,
)
from spikeatlas.tasks.inspect.replay.verify_origin import changed_checkpoint, made_by, replayable
from spikeatlas.tasks.inspect.replay.verify_tuning import verify_tuning
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread


def verify(run: Run, *, plain: bool = False, device: Device | None = None) -> Verdict:
    """Replay all results of an atlas, from the stored images and latents, and compare.

    Of an atlas without searches, the responses to single test images. ``plain``: with snnTorch's own loop instead of
    the responder that the atlas was made with. ``device``: if not the atlas's own, or, where that is not here, the
    processor. ValueError for a device that is not here.
    """
    one_thread()
    damaged = integrity.metadata_damage(run.atlas)
    if damaged:
        return Verdict(0, {}, damaged)
    if plain:
        run = run.with_fields(responder=replace(run.responder, kind="plain"))
    run = replayable(replayed_on(run, device))
    if not run.search.methods:
        return verify_tuning(run)
    checked, problems, near = 0, integrity.whole_damage(run.atlas), []
    spikes: dict[str, SpikeCount] = {}
    counts = dict.fromkeys(STATUS, 0)
    with open_tree(run.atlas) as tree:
        for epoch in run.epochs:
            damage = integrity.epoch_damage(run.atlas, epoch)
            problems += [f"epoch={epoch:g} {place(run, problem)}" for problem in damage]
            analysed = not damage and flagged(run.atlas, ANALYSED, epoch)
            change = changed_checkpoint(run, epoch)
            parts = [
                verify_block(run, block, rows_of(tree, block), analysed=analysed, change=change)
                for block in run.blocks(epoch)
            ]
            checked += sum(part.checked for part in parts)
            wrong = [problem for part in parts for problem in part.problems]
            if analysed and not wrong:
                wrong = [text for layer in run.layers for text in best_damage(tree, layer, epoch)]
            problems += wrong
            near += [text for part in parts for text in part.near]
            spikes = summed([spikes, *(part.devices.spikes for part in parts)])
            counts = {
                name: counts[name] + sum(part.counts.get(name, 0) for part in parts)
                for name in counts
            }
    devices = Devices(made_on(run), run.responder.device, spikes)
    return Verdict(checked, counts, problems, near, devices)


def place(run: Run, problem: str) -> str:
    """Name the layer and neurons that damage of a per-epoch array concerns."""
    name = problem.partition("/")[2]
    for layer, neurons in run.layers.items():
        if name.startswith(f"{layer}/"):
            return f"layer={layer} neurons={neurons[0]}-{neurons[-1]}: {problem}"
    return f"layers={','.join(run.layers)} all neurons: {problem}"


KINDS = ("layers", "image", "latent", "diverse", "diverse_image", "diverse_latent")
"""What is replayed of each layer, as far as there is such a group."""


def rows_of(tree: Tree, block: Block) -> xr.Dataset:
    """Return the images, latents and responses of a block, lazily."""
    kinds = [kind for kind in KINDS if f"{kind}/{block.layer}" in tree]
    rows = tree.layer(block.layer, *kinds).sel(epoch=block.epoch)
    return rows.isel(neuron=slice(block.start, block.stop)).transpose(*SEARCH, ...)


def verify_block(
    run: Run, block: Block, rows: xr.Dataset, *, analysed: bool, change: str | None
) -> Verdict:
    """Check one block: chunks, then responses, then latents; ``change``: of the network, which ends it."""
    neurons = run.layers[block.layer][block.start : block.stop]
    where = f"epoch={block.epoch:g} layer={block.layer} neurons={neurons[0]}-{neurons[-1]}"
    try:
        ended = integrity.committed(run.atlas, block)
    except ValueError as error:
        return Verdict(0, {}, [f"{where}: status cannot be read: {error}"])
    if not ended:
        lost = (
            [f"{where}: no result, though the epoch was analysed (status lost a chunk)"]
            if analysed
            else []
        )
        return Verdict(0, _counts(rows), lost)
    damaged = integrity.block_damage(run.atlas, block)
    if damaged:
        return Verdict(0, {}, [f"{where}: {problem}" for problem in damaged])
    if change:
        return Verdict(0, _counts(rows), [f"{where}: {change}"])
    return replay(run, block, rows)


def _counts(rows: xr.Dataset) -> dict[str, int]:
    status = rows.status.values
    return {name: int((status == value).sum()) for value, name in enumerate(STATUS)}


class Stored(NamedTuple):
    """One image of each result, or each alternative to it, as the atlas holds it."""

    mei: str
    latent: str
    response: str
    where: str
    """How a sentence calls it."""


RESULT = Stored("mei", "latent", "response", "")
LANES = (
    Stored("cold_mei", "cold_latent", "cold_response", " cold lane"),
    Stored("warm_mei", "warm_latent", "warm_response", " warm lane"),
)
DIVERSE = Stored("diverse", "diverse_latent", "diverse_response", " diverse")


def replay(run: Run, block: Block, rows: xr.Dataset) -> Verdict:
    """Show the stored images again and decode the stored latents again."""
    kinds = [RESULT, *(kind for kind in (*LANES, DIVERSE) if kind.mei in rows)]
    parts = [replay_images(run, block, rows, kind) for kind in kinds]
    return Verdict(
        int((rows.status != UNPLANNED).sum()),
        _counts(rows),
        [problem for part in parts for problem in part.problems],
        [near for part in parts for near in part.near],
        Devices(spikes=summed(part.devices.spikes for part in parts)),
    )


def replay_images(run: Run, block: Block, rows: xr.Dataset, kind: Stored) -> Verdict:
    """Replay one kind of images. What a search may lack (a warm search, an alternative) has no response stored.

    Under a silent neuron there are zeros: there the latent's image must find no answer.
    """
    response = rows[kind.response].values
    lost = np.isnan(response) if kind != RESULT else rows.status.values == UNPLANNED
    places = np.nonzero(~lost)
    if not places[0].size:
        return Verdict(0, {}, [])
    images, silent = rows[kind.mei].values[places], empty(rows, kind)[places]
    model = models.generator(run)
    decoded = model.decode(rows[kind.latent].values[places], batch_size=run.responder.batch_size)
    silent = silent.reshape(-1, *(1,) * (images.ndim - 1))
    neurons = {block.layer: run.layers[block.layer][block.start : block.stop]}
    respond = models.responder(run, block.epoch, "report", neurons)
    answers = respond(np.where(silent, decoded, images))[block.layer]
    again = answers[np.arange(len(images)), places[0]]
    foreign = made_on(run) != run.responder.device
    other = unlike(np.where(silent, 0, decoded).astype(np.uint8), images, foreign=foreign)
    gap = np.abs(again - response[places])
    unit = models.source(run).layers[block.layer].unit
    rounding = tolerance(unit, response[places])
    off = ~(gap <= rounding)
    count = spike_counts(run, block.layer, response[places], again) if foreign else None
    # on another device spikes are counted, not held one by one
    off &= (count is None) | ~np.isfinite(gap)
    # one spike, the least that can differ; only another responder than the atlas's may
    spike = (unit.quantum or 0) if made_by(run) != run.responder.kind else 0
    problems: list[str] = []
    near: list[str] = []
    for place in np.flatnonzero(off | (other > 0)):
        n, s, r, *alternative = (int(axis[place]) for axis in places)
        name = (
            f"epoch={block.epoch:g} layer={block.layer} neuron={rows.neuron.values[n]} "
            f"search={rows['search'].values[s]} repeat={rows.repeat.values[r]}{kind.where}"
            + "".join(f" alternative={number}" for number in alternative)
        )
        if off[place]:
            (near if gap[place] <= spike + rounding[place] else problems).append(
                f"{name}: response is {response[places][place]:.6f}, replay gives {again[place]:.6f}"
            )
        if other[place]:
            due = (
                "zeros, which a silent neuron has"
                if silent[place]
                else "what its latent decodes to"
            )
            problems.append(f"{name}: {kind.mei} differs in {other[place]} values from {due}")
    spikes = {} if count is None else {block.layer: count}
    return Verdict(len(images), {}, problems, near, Devices(spikes=spikes))


def empty(rows: xr.Dataset, kind: Stored) -> NDArray[np.bool_]:
    """Return which results, or lanes of them, are a silent neuron's, which hold no image."""
    if kind == RESULT:
        return np.asarray(rows.status.values == SILENT)
    response = rows[kind.response]
    nothing = (response == 0) & (response["search_sign"] > 0)
    if not zero_is_silence(response):
        # earlier versions left out such images of lanes also where responses may be below 0
        nothing &= ~rows[kind.mei].any(("channel", "y", "x"))
    return np.asarray(nothing.values)
