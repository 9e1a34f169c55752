"""The wishes of desire backpropagation, as each neuron would get them for the test images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import DesireShares, desire_shares
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models


def wishes(run: Run, epoch: float) -> dict[str, NDArray[Any]]:
    """Return ``/desire`` of an epoch: of every probed neuron; nothing where the network is not trained by desire."""
    method = run.study.desire
    if method is None:
        return {}
    source = models.plain_source(run)
    network = cast("ChainSubject", source.open(epoch)).network
    test = models.dataset(run.data).test
    shares = desire_shares(
        network,
        method.rule(network.time_steps),
        test.images,
        test.labels,
        key=models.coding_key(run, source.digest(epoch), "desire"),
        batch_size=run.responder.batch_size,
    )

    def table(values: Callable[[DesireShares], NDArray[np.float64]]) -> NDArray[np.float32]:
        parts = [values(shares[layer])[list(rows)] for layer, rows in run.layers.items()]
        return np.concatenate(parts).astype(np.float32)

    return {
        "desire/desire_more": table(lambda layer: layer.more),
        "desire/desire_less": table(lambda layer: layer.less),
        "desire/desire_vain": table(lambda layer: layer.vain),
    }
