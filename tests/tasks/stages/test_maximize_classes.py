"""Class mode: a probability that is exactly 1.0 is kept, and the other neurons' searches go on.

MANGO's class mode ends in an error there: it takes the logarithm of one minus the best response.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from spikeatlas.snn.subjects import ModuleSpec
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from tests.tiny import build, tiny


def sure_of_one_class() -> nn.Module:
    """A linear classifier whose first class is certain of every image."""
    torch.manual_seed(0)
    linear = nn.Linear(64, 10)
    with torch.no_grad():
        linear.bias[0] = 30.0
    return nn.Sequential(nn.Flatten(), linear)


def test_a_certain_class_is_saturated_and_the_others_are_searched(tmp_path: Path) -> None:
    raw = tiny(tmp_path, probe={"epochs": [0], "layers": ["classes"]}) | {
        "network": {
            "kind": "module",
            "factory": f"{__name__}:sure_of_one_class",
            "normalise": "none",
            "classes": "probability",
            "layers": ["1"],
        }
    }

    checked = build(raw)

    assert isinstance(checked.study.network, ModuleSpec)
    group = open_tree(checked.run.atlas)["layers/classes"].isel(epoch=0)
    response, status = group["response"].values, group["status"].values
    saturated = group["status"].attrs["flag_meanings"].split().index("saturated")
    assert (response[0] == 1).all()
    assert (status[0] == saturated).all()
    assert (response[1:] > 0).all()
    assert (status[1:] == group["status"].attrs["flag_meanings"].split().index("done")).all()
    assert group["images_shown"].values.min() == 20
    assert len(np.unique(response[1:])) > 9
    assert group["response"].attrs["units"] == "probability of the class"
    verdict = verify(checked.run)
    assert verdict.sound, verdict.problems
