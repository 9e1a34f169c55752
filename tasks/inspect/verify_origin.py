"""The network and the responder that a replay has, against those that made the atlas."""

from __future__ import annotations

from spikeatlas.tasks.atlas import epoch_row, open_store, study_of, values
from spikeatlas.tasks.atlas.agree import network_change
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def changed_checkpoint(run: Run, epoch: float) -> str | None:
    """Say what has become of the network of an epoch that was probed, if it is not the same."""
    root = open_store(run.atlas)
    probed = str(values(root, "progress/checkpoint_digest", epoch_row(root, epoch)))
    source = models.source(run)
    files = source.epochs()
    if epoch not in files:
        return f"its checkpoint (epoch {epoch:g}) is gone, so nothing can be replayed; put it back"
    if source.digest(epoch) != probed:
        name = files[epoch] or f"epoch {epoch:g}"
        return f"its checkpoint {name} is not the one that was probed (digest differs); put that one back"
    change = network_change(root, source, epoch)
    return None if change is None else f"{change}; nothing can be replayed"


def made_by(run: Run) -> str:
    """The kind of responder that made the atlas."""
    return str(study_of(open_store(run.atlas))["responder"]["kind"])
