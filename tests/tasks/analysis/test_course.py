"""What little there is, is analysed; what is lacking is NaN, never a number."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn import selectivity
from spikeatlas.snn.networks import OUTPUT
from spikeatlas.tasks.analysis.course import course_of, over_training, training_table
from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.analysis.tuning_change import class_moments
from spikeatlas.tasks.atlas import TRAINING_VARIABLES, open_tree
from tests.tasks.analysis.test_tuning_change import responses

FOUND = ("switch_p", "switch_q", "switch_epoch", "onset_epoch", "mei_support_p")


def analysed(classes: int, epochs: int, repeats: int, neurons: int = 4) -> xr.Dataset:
    """The analysis of a layer with so many classes, epochs and repeats."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % classes
    first = selectivity.halves(labels)
    data = responses(rng.random((epochs, 120, neurons)), labels, first)
    dims = ("epoch", "neuron")
    csi = [
        selectivity.measure(now.values, labels, first, classes, draws=2, rng=rng)
        for now in data
    ]  # fmt: skip
    course = xr.Dataset(
        {
            "csi": (dims, np.stack([each["class_selectivity_index"] for each in csi])),
            "q": (dims, np.stack([each["selective_p"] for each in csi])),
            "read": ((*dims, "repeat"), rng.integers(-1, classes, (epochs, neurons, repeats))),
            "response": (dims, rng.random((epochs, neurons))),
        },
        coords={"epoch": data.epoch, "neuron": data.neuron},
    )
    return over_training(course, class_moments(data, classes), thresholds())


@pytest.mark.parametrize(
    ("classes", "epochs", "repeats"), [(1, 3, 2), (10, 1, 2), (10, 3, 1), (1, 1, 1)]
)
def test_too_little_is_no_finding(classes: int, epochs: int, repeats: int) -> None:
    found = analysed(classes, epochs, repeats)
    assert found.switched.sum() == 0
    assert found.mei_support_p.isnull().all()
    if classes == 1 or epochs == 1:
        assert all(found[name].isnull().all() for name in FOUND[:3])
        assert (found.switch_from == -1).all()


def test_a_course_is_the_atlas_s(compared: Checked) -> None:
    with open_tree(compared.run.atlas) as tree:
        course = course_of(tree, "run")
        table = training_table(course)
        natural = tree["natural_image/fc1"].load()
        rows = tree["selectivity"]
        place = rows.layer.values == "fc1"
        fc1 = course.layers["fc1"]
        assert np.array_equal(
            fc1.csi.values, rows.class_selectivity_index.values[:, place], equal_nan=True
        )
        ablation = tree["importance/ablation"].loss_increase.values[:, place]
        assert np.array_equal(fc1.loss_increase.values, ablation, equal_nan=True)
        chosen = (natural.label.values == 3) & (natural["first"].values == 1)
        mean = natural.natural_image_response.values[1][chosen].mean(axis=0)
    assert course.epochs.tolist() == [0, 1, 2]
    assert list(course.layers) == ["conv2", "fc1"]
    assert OUTPUT not in course.hidden
    assert (course.seed, course.control, course.searched) == (0, False, False)
    assert {name: variable.dtype for name, variable in TRAINING_VARIABLES.items()} == table.dtypes
    assert table["neuron"].values.tolist() == list(range(14))
    assert table["network"].item() == 0
    moments = class_moments(natural.natural_image_response, 10)
    assert moments["mean"].isel(epoch=1, half=0).sel(category=3).values == pytest.approx(mean)
