from __future__ import annotations

import numpy as np
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.inspect.compare import compare_methods
from tests.tiny import least_exciting


def test_the_lower_response_wins_where_the_least_exciting_image_is_sought(copied: Checked) -> None:
    least_exciting(copied)
    root = zarr.open_group(copied.run.atlas, mode="r+")
    tt = [[0.6, 0.4], [0.3, 0.3], [0.5, 0.1], [0.1, 0.1], [0.0, 0.0], [1.0, 1.0]]
    random = [[0.4, 0.4], [0.2, 0.2], [0.25, 0.35], [0.2, 0.2], [0.5, 0.5], [0.9, 0.9]]
    root["layers/conv2/response"][1] = np.stack([tt, random], axis=1).astype(np.float32)  # type: ignore[index]
    root["layers/conv2/status"][1] = np.ones((6, 2, 2), np.uint8)  # type: ignore[index]

    table = compare_methods(copied.run.atlas, "tt", "random")

    epoch = [line for line in table.splitlines() if "conv2" in line][1]
    assert [cell.strip() for cell in epoch.strip("│ ").split("│")] == [
        "conv2", "2", "6", "1", "1", "1", "3", "0.20",
    ]  # fmt: skip
    assert "silenced" in table


def test_wins_ties_and_saturation_are_counted_apart(copied: Checked) -> None:
    root = zarr.open_group(copied.run.atlas, mode="r+")
    response, status = root["layers/conv2/response"], root["layers/conv2/status"]
    # six neurons, methods (tt, random), two repeats: two wins, a tie, a loss, a saturated and a failed one
    tt = [[0.6, 0.4], [0.3, 0.3], [0.5, 0.1], [0.1, 0.1], [1.0, 1.0], [0.9, 0.9]]
    random = [[0.4, 0.4], [0.2, 0.2], [0.25, 0.35], [0.2, 0.2], [0.5, 0.5], [0.1, 0.1]]
    response[1] = np.stack([tt, random], axis=1).astype(np.float32)  # type: ignore[index]
    states = np.ones((6, 2, 2), np.uint8)
    states[4, 0], states[5, 1] = 3, 4
    status[1] = states  # type: ignore[index]

    lines = [
        line
        for line in compare_methods(copied.run.atlas, "tt", "random").splitlines()
        if "conv2" in line
    ]

    epoch = lines[1]  # epoch 2
    assert [cell.strip() for cell in epoch.strip("│ ").split("│")] == [
        "conv2", "2", "5", "1", "2", "1", "1", "0.50",
    ]  # fmt: skip
