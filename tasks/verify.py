"""Replaying an atlas: every stored image through its checkpoint, every latent through the generator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from snn.checkpoint import digest_file
from snn.training import epoch_path
from tasks import loading
from tasks.atlas import integrity, read
from tasks.atlas.schema import STATUS
from tasks.job import Block, Job

TOLERANCE = 1e-6
"""Largest difference of a response on another machine; on the same one a replay is exact."""

NEAR_SHARE = 1e-3
"""Largest share of results whose response may differ by a spike when another responder replays them: one
sums in another order, and a membrane within rounding of its threshold then falls on the other side."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a replay."""

    checked: int
    """Results replayed."""
    counts: dict[str, int]
    """Results by status."""
    problems: list[str]
    """One sentence each, naming epoch, layer and neuron."""
    near: list[str] = field(default_factory=list)
    """Results that differ by one spike of a unit at most, under another responder."""

    @property
    def sound(self) -> bool:
        """Whether something was checked and nothing is wrong."""
        few = len(self.near) <= NEAR_SHARE * self.checked
        return not self.problems and few and self.checked > 0

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        held = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        told = f"{len(self.problems)} problems" if self.problems else "no mismatch"
        told += f", {len(self.near)} within a spike" if self.near else ""
        return f"verified {self.checked} results ({held}): {told if self.checked else 'nothing to check'}"


def verify(job: Job, *, plain: bool = False) -> Verdict:
    """Replay all results of an atlas, from the stored images and latents, and compare.

    ``plain``: with snnTorch's own loop instead of the responder that the atlas was made with.
    """
    loading.one_thread()
    if plain:
        job = replace(job, responder=replace(job.responder, kind="plain"))
    checked, problems, near = 0, [], []
    counts = dict.fromkeys(STATUS, 0)
    for epoch in job.epochs:
        found = integrity.epoch_damage(job.atlas, epoch)
        problems += [f"epoch={epoch:g} {place(job, problem)}" for problem in found]
        analysed = not found and read.flagged(job.atlas, "analysed", epoch)
        for block in job.blocks(epoch):
            part = verify_block(job, block, analysed=analysed)
            checked += part.checked
            problems += part.problems
            near += part.near
            counts = {name: counts[name] + part.counts.get(name, 0) for name in counts}
    return Verdict(checked, counts, problems, near)


def place(job: Job, problem: str) -> str:
    """Name the layer and neurons that damage of a per-epoch array concerns."""
    for layer, neurons in job.layers.items():
        if f"layers/{layer}/" in problem or f"response_{layer} " in problem:
            return f"layer={layer} neurons={neurons[0]}-{neurons[-1]}: {problem}"
    return f"layers={','.join(job.layers)} all neurons: {problem}"


def verify_block(job: Job, block: Block, *, analysed: bool) -> Verdict:
    """Check one block: chunks, then responses, then latents."""
    neurons = job.layers[block.layer][block.start : block.stop]
    where = f"epoch={block.epoch:g} layer={block.layer} neurons={neurons[0]}-{neurons[-1]}"
    try:
        ended = integrity.committed(job.atlas, block)
    except ValueError as error:
        return Verdict(0, {}, [f"{where}: status cannot be read: {error}"])
    if not ended:
        lost = (
            [f"{where}: no result, though the epoch was analysed (status lost a chunk)"]
            if analysed
            else []
        )
        return Verdict(0, _counts(job, block), lost)
    damaged = integrity.block_damage(job.atlas, block)
    if damaged:
        return Verdict(0, {}, [f"{where}: {problem}" for problem in damaged])
    changed = _changed_checkpoint(job, block.epoch)
    if changed:
        return Verdict(0, _counts(job, block), [f"{where}: {changed}"])
    return replay(job, block)


def _rows(job: Job, block: Block) -> xr.Dataset:
    layer = read.open_tree(job.atlas)[f"layers/{block.layer}"].to_dataset().sel(epoch=block.epoch)
    rows = layer.isel(neuron=slice(block.start, block.stop))
    return rows.transpose("neuron", "method", "repeat", ...)


def _counts(job: Job, block: Block) -> dict[str, int]:
    status = _rows(job, block).status.values
    return {name: int((status == value).sum()) for value, name in enumerate(STATUS)}


def _changed_checkpoint(job: Job, epoch: float) -> str | None:
    held = str(read.open_tree(job.atlas).checkpoint_digest.sel(epoch=epoch).item())
    path = epoch_path(job.checkpoints, epoch)
    if not path.exists():
        return f"its checkpoint {path} is gone, so nothing can be replayed; put it back"
    if digest_file(path) != held:
        return f"its checkpoint {path} is not the one that was probed (digest differs); put that one back"
    return None


def replay(job: Job, block: Block) -> Verdict:
    """Show the stored images again and decode the stored latents again."""
    rows = _rows(job, block)
    shape = rows.response.shape
    images = rows.mei.values.reshape(-1, *rows.mei.shape[3:])
    neurons = {block.layer: job.layers[block.layer][block.start : block.stop]}
    answers = loading.responder(job, block.epoch, "report", neurons)(images)[block.layer]
    columns = np.repeat(np.arange(shape[0]), shape[1] * shape[2])
    again = answers[np.arange(len(images)), columns].reshape(shape)
    model = loading.generator(job)
    decoded = model.decode(
        rows.latent.values.reshape(len(images), -1), batch_size=job.responder.batch_size
    )
    other = (decoded != images).reshape(*shape, -1).sum(axis=-1)
    gap = np.abs(again - rows.response.values)
    off = ~(gap <= TOLERANCE)
    # one spike of a unit, the least that can differ; only another responder than the atlas's may
    spike = 1 / job.network.time_steps if made_by(job) != job.responder.kind else 0
    problems: list[str] = []
    near: list[str] = []
    for n, m, r in zip(*np.nonzero(off | (other > 0)), strict=True):
        name = (
            f"epoch={block.epoch:g} layer={block.layer} neuron={rows.neuron.values[n]} "
            f"method={rows.method.values[m]} repeat={rows.repeat.values[r]}"
        )
        if off[n, m, r]:
            (near if gap[n, m, r] <= spike + TOLERANCE else problems).append(
                f"{name}: response is {rows.response.values[n, m, r]:.6f}, replay gives {again[n, m, r]:.6f}"
            )
        if other[n, m, r]:
            problems.append(
                f"{name}: mei differs in {other[n, m, r]} values from what its latent decodes to"
            )
    return Verdict(len(images), _counts(job, block), problems, near)


def made_by(job: Job) -> str:
    """The kind of responder that made the atlas."""
    study: dict[str, dict[str, str]] = json.loads(read.open_tree(job.atlas).attrs["study"])
    return study["responder"]["kind"]
