from __future__ import annotations

import numpy as np

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.selectivity.tuning import index_of_responses
from spikeatlas.snn.subjects import Showing
from spikeatlas.tasks.atlas import layer_rows, open_tree
from spikeatlas.tasks.stages.unit_selectivity import at_position
from spikeatlas.tasks.workers import models


def test_the_unit_at_the_centre_is_measured_as_its_channel_is(compared: Checked) -> None:
    run, epoch = compared.run, 2.0
    arrays = at_position(run, epoch)
    with open_tree(run.atlas) as tree:
        stored = tree["selectivity/position"].sel(epoch=epoch).load()
        channel = tree["selectivity"].sel(epoch=epoch).load()
        natural = tree["natural_image/conv2"].sel(epoch=epoch).load()
    assert {f"selectivity/position/{name}" for name in stored.data_vars} == set(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(stored[name.rpartition("/")[2]].values, values)
    # the responses of the one unit, by another way
    subject, _ = models.subject(run, epoch)
    images = compared.data.test.images[natural["image"].values]
    unit = subject.responder({"conv2": run.layers["conv2"]}, Showing(unit="centre"))(images)[
        "conv2"
    ]
    index, preferred = index_of_responses(
        unit, natural.label.values, natural["first"].values == 1, 10
    )
    conv = layer_rows(stored, "conv2")
    np.testing.assert_allclose(conv.class_selectivity_index.values, index, rtol=1e-6)
    np.testing.assert_array_equal(conv.preferred_class.values, preferred)
    np.testing.assert_array_equal(conv.natural_active.values, np.count_nonzero(unit, axis=0))
    # units have no map: the index is the neuron's own, whatever is drawn for its intervals
    np.testing.assert_array_equal(
        layer_rows(stored, "fc1").class_selectivity_index.values,
        layer_rows(channel, "fc1").class_selectivity_index.values,
    )


def test_a_study_that_does_not_ask_has_no_such_group(made: Checked) -> None:
    assert at_position(made.run, 2.0) == {}
    with open_tree(made.run.atlas) as tree:
        assert "selectivity/position" not in tree
