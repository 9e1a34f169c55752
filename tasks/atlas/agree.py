"""The agreement of a study with the atlas that stands where it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import zarr

from spikeatlas.snn.generators import digest_generator
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.atlas import read
from spikeatlas.tasks.atlas.errors import AtlasError
from spikeatlas.tasks.atlas.groups.base import PROGRESS
from spikeatlas.tasks.atlas.groups.progress_group import EPOCH
from spikeatlas.tasks.atlas.open import epoch_row, open_store, require_current, study_of, values
from spikeatlas.tasks.atlas.ownership import leavings
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.value_fields import fixed_fields, own_sources


def agree(run: Run, source: Source, images: str) -> None:
    """Raise AtlasError, naming the fields with both values, when another study made the run's atlas.

    OldError for an atlas of an older version, with which no study goes on as it is.
    ``source``: the epochs of its network; ``images``: the digest (hex) of the data set as it is now.
    """
    require_current(run.atlas)
    root = open_store(run.atlas)
    if root.attrs["study_digest"] != run.digest:
        before = fixed_fields(Study.model_validate(study_of(root)))
        changes = "; ".join(differences(before, fixed_fields(run.study)))
        # none: the atlas is from before there was some field, and as its default makes it
        if changes:
            message = f"{run.atlas} was made by another study: {changes}. Choose another output, or {fresh(run, source)}"
            raise AtlasError(message)
    origin: dict[str, Any] = dict(root["provenance"].attrs)
    _agree_on_order(run, source)
    _agree_on_images(run, source, origin["data_digest"], images)
    _agree_on_sources(run, source, json.loads(origin.get("sources", "{}")))
    # a changed file also answers otherwise: it is named first
    _agree_on_files(run, source, root)
    _agree_on_network(run, source, root)


def fresh(run: Run, source: Source) -> str:
    """Advise to begin anew, naming what would go."""
    return f"`spikeatlas run ... --fresh`, which removes {leavings(run, source)}"


def differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return every field that differs, as ``name is value now, value in the atlas``."""
    sentences: list[str] = []
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            sentences += differences(old, new, f"{prefix}{key}.")
        elif old != new:
            sentences.append(
                f"{prefix}{key} is {json.dumps(new)} now, {json.dumps(old)} in the atlas"
            )
    return sentences


def _agree_on_order(run: Run, source: Source) -> None:
    """With a warm start a result rests on the epoch before it: none may come to stand there later."""
    trained = read.trained_epochs(run.atlas)
    last = max(trained, default=0)
    early = [f"{epoch:g}" for epoch in run.epochs if epoch < last and epoch not in trained]
    if run.search.warm_start and early:
        message = (
            f"probe.epochs: with search.warm_start each epoch starts from the one before, so {', '.join(early)} "
            f"cannot be added to {run.atlas}, which reaches {last:g}: add later epochs only, choose "
            f"another output, or {fresh(run, source)}"
        )
        raise AtlasError(message)


def _agree_on_images(run: Run, source: Source, before: str, now: str) -> None:
    if before != now:
        message = (
            f"{run.atlas} was made from other images than data.root={run.data.root} holds now: "
            f"restore them, or {fresh(run, source)}"
        )
        raise AtlasError(message)


def _agree_on_sources(run: Run, source: Source, before: Mapping[str, str]) -> None:
    """The user's own code that results rest on must be the code that made them."""
    for path, digest in own_sources(run.study).items():
        if before.get(path, digest) != digest:
            message = (
                f"the source of {path} has changed since {run.atlas} was made with it: put the old file back, "
                f"choose another output, or {fresh(run, source)}"
            )
            raise AtlasError(message)


def _agree_on_files(run: Run, source: Source, root: Any) -> None:
    """The generator and the checkpoints that results rest on must be the ones that made them."""
    path, before = run.generator_file, str(root.attrs.get("generator_digest", ""))
    if before and path.exists() and before != digest_generator(run.generator, path):
        raise _changed(run, source, str(path))
    files = source.epochs()
    rows = zip(values(root, EPOCH), values(root, f"{PROGRESS}/checkpoint_digest"), strict=True)
    for epoch, digest in rows:
        # what has no file is its code
        file = files.get(epoch)
        if digest and file is not None and str(digest) != source.digest(float(epoch)):
            raise _changed(run, source, str(file))


def _agree_on_network(run: Run, source: Source, root: Any) -> None:
    """Code that is not ours must be the code that answered, and answer as it did."""
    there = source.epochs()
    epochs = [epoch for epoch in values(root, EPOCH).tolist() if epoch in there]
    changes = filter(None, (network_change(root, source, epoch) for epoch in epochs))
    for change in changes:
        raise AtlasError(
            f"{change}, since {run.atlas} was made with it: put back what it was, choose another output, "
            f"or {fresh(run, source)}"
        )


def network_change(root: zarr.Group, source: Source, epoch: float) -> str | None:
    """Say how the network that is not ours has changed since an epoch was probed; None if it has not."""
    before = root.attrs.get("network_digest", "")
    if before and before != source.network_digest:
        return _changed_parts(root, source)
    path = f"{PROGRESS}/fingerprint"
    fingerprint = str(values(root, path, epoch_row(root, epoch))) if path in root else ""
    if fingerprint and fingerprint != source.fingerprint(epoch):
        return (
            f"the network of epoch {epoch:g} answers otherwise, though its files are the same (another version of a "
            "library?)"
        )
    return None


def _changed_parts(root: zarr.Group, source: Source) -> str:
    """Say which files and settings of a network are others than before; its factory, where an atlas does not know."""
    before: Mapping[str, str] = json.loads(str(root.attrs.get("network_parts", "{}")))
    now = source.network_parts
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if before and names:
        return f"the code of the network, or what it is made with, has changed ({'; '.join(names)})"
    factory = source.facts.get("factory", source.place)
    return f"the code of the network ({factory}, or a file it imports), or what it is made with, has changed"


def _changed(run: Run, source: Source, name: str) -> AtlasError:
    return AtlasError(
        f"{name} has changed since {run.atlas} was made with it: put the old file back, "
        f"choose another output, or {fresh(run, source)}"
    )
