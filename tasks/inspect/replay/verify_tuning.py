"""Replaying an atlas without searches: the test images whose single responses it keeps."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas import OBSERVED, Tree, flagged, integrity, open_tree, read
from spikeatlas.tasks.inspect.replay.replay_tolerance import tuning_tolerance
from spikeatlas.tasks.inspect.replay.replay_verdict import Verdict
from spikeatlas.tasks.inspect.replay.verify_device import (
    Devices,
    SpikeCount,
    made_on,
    spike_counts,
    summed,
)
from spikeatlas.tasks.inspect.replay.verify_origin import changed_checkpoint
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def verify_tuning(run: Run) -> Verdict:
    """Show every observed epoch's network the kept test images again, and compare each neuron's responses."""
    checked, spikes = 0, dict[str, SpikeCount]()
    problems = integrity.whole_damage(run.atlas)
    with open_tree(run.atlas) as tree:
        for epoch in run.epochs:
            if not flagged(run.atlas, OBSERVED, epoch):
                continue
            damage = [*integrity.epoch_damage(run.atlas, epoch), changed_checkpoint(run, epoch)]
            reasons = [f"epoch={epoch:g} {reason}" for reason in damage if reason]
            part = Verdict(0, {}, reasons) if reasons else _epoch(run, epoch, tree)
            checked += part.checked
            problems += part.problems
            spikes = summed([spikes, part.devices.spikes])
    devices = Devices(made_on(run), run.responder.device, spikes)
    return Verdict(checked, {}, problems, devices=devices)


def _epoch(run: Run, epoch: float, tree: Tree) -> Verdict:
    images = models.dataset(run.data).test.images[read.natural_images(run.atlas)]
    answers = models.responder(run, epoch, "observe", run.layers)(images)
    problems: list[str] = []
    spikes: dict[str, SpikeCount] = {}
    for layer, again in answers.items():
        single = tree[f"natural_image/{layer}"].sel(epoch=epoch).natural_image_response
        stored = single.transpose("image", "neuron").values
        count = None
        if made_on(run) != run.responder.device:
            count = spike_counts(run, layer, stored, again)
        if count is not None:
            spikes[layer] = count
            continue
        unit = models.source(run).layers[layer].unit
        wrong = ~(np.abs(again - stored) <= tuning_tolerance(unit, stored))
        problems += [
            f"epoch={epoch:g} layer={layer} neuron={run.layers[layer][neuron]}: {wrong[:, neuron].sum()} of "
            f"{len(images)} responses to test images are not those of a replay"
            for neuron in np.flatnonzero(wrong.any(axis=0))
        ]
    checked = sum(answer.size for answer in answers.values())
    return Verdict(checked, {}, problems, devices=Devices(spikes=spikes))
