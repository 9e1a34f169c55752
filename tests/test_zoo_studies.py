"""Networks of SpikingJelly's own model zoo, from factory, checkpoint and a folder of pictures to a replayed atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from spikeatlas.flows.cost import responder_plan
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.inspect.replay.verify import verify
from tests.networks.showing import picture_data
from tests.snn.graph import library_nets
from tests.snn.subjects.test_module_zoo import ZOO, zoo_net
from tests.tiny import build, tiny

FACTORY = "tests.snn.subjects.test_module_zoo:zoo_net"


def write_pictures(folder: Path) -> Path:
    """A folder a class, with pictures of 32x32 pixels, as users have them."""
    data = picture_data(3, 32, 120)
    for split in ("train", "test"):
        for number, (pixels, label) in enumerate(
            zip(data.train.images, data.train.labels, strict=True)
        ):
            path = folder / split / data.classes[label]
            path.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.moveaxis(pixels, 0, 2)).save(path / f"{number}.png")
    return folder


def study(name: str, folder: Path) -> dict[str, Any]:
    checkpoint = folder / "checkpoint_2.pth"
    torch.save({"model": zoo_net(name).state_dict()}, checkpoint)
    network = {
        "kind": "module",
        "factory": FACTORY,
        "options": {"name": name},
        "checkpoints": {2: str(checkpoint)},
        "time_steps": library_nets.TIME_STEPS,
        "normalise": "none",
        "readout": "output",
    }
    fields = tiny(folder / "run", search={"methods": ["random"], "budget": 12, "repeats": 1})
    return {
        **{key: fields[key] for key in ("generator", "search", "output")},
        "data": {"dataset": "folder", "root": str(write_pictures(folder / "pictures"))},
        "network": network,
        "probe": {"neurons": 1},
        "analysis": {"images": 40},
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_its_atlas_is_finished_and_replayed(name: str, tmp_path: Path) -> None:
    checked = build(study(name, tmp_path))

    assert "hooks" not in responder_plan(checked.run)
    assert "layered" in responder_plan(checked.run)
    assert verify(checked.run, plain=True).sound
    with open_tree(checked.run.atlas) as tree:
        layers = tree["neurons"].layer.values.tolist()
    assert sorted(set(layers)) == sorted(library_nets.neuron_names(zoo_net(name)))
