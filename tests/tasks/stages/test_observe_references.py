"""What counts as 1 in the responses of layers that do not spike is kept, so that raw activities can be had back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.subjects.read import ReadSubject
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.workers import models
from tests.networks.showing import OTHER
from tests.tiny import build, tiny

# what a dim image reaches counts as 1: a tiny generator makes no brighter ones
NETWORK = {
    "kind": "module",
    "factory": f"{OTHER}:small",
    "normalise": "none",
    "reference": {"quantile": 0.001},
}


@pytest.mark.parametrize("unit", ["channel", "centre"])
def test_a_response_times_its_reference_is_the_module_s_own_activity(
    tmp_path: Path, unit: str
) -> None:
    probe = {
        "epochs": [0],
        "layers": ["relu1", "relu2"],
        "neurons": {"relu1": [2, 0]},
        "unit": unit,
    }
    checked = build(tiny(tmp_path, probe=probe) | {"network": NETWORK})
    run = checked.run
    subject, _ = models.subject(run, 0)
    test = models.dataset(run.data).test.images

    tree = open_tree(run.atlas)

    infos = models.source(run).layers
    units = [infos[layer].unit.name for layer, neurons in run.layers.items() for _ in neurons]
    assert tree["neurons"].unit.values.tolist() == units
    for layer, neurons in run.layers.items():
        reference = tree[f"reference/{layer}"].reference.isel(epoch=0).values
        np.testing.assert_array_equal(reference, subject.references()[layer][list(neurons)])
        single = tree[f"natural_image/{layer}"].isel(epoch=0)
        images = test[single["image"].values]
        module: Any = subject.subject if isinstance(subject, ReadSubject) else subject
        raw = module.activity(images, [layer], unit)[layer][:, list(neurons)]
        np.testing.assert_allclose(single.natural_image_response.values * reference, raw, rtol=1e-5)
    assert float(tree["neurons"].response.max()) > 1
    assert "saturated" not in set(tree["neurons"].status.values.ravel().tolist())
    verdict = verify(run)
    assert verdict.sound, verdict.problems
