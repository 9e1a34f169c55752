"""The page sorts by measures that tell neurons apart."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import layout_of, open_store, open_tree
from spikeatlas.tasks.report.explorer.columns import KnownMeasure, known_measures, varying

SIZE = KnownMeasure("size", "compressed size", "MEI", "")


@pytest.mark.parametrize(
    ("values", "varies"),
    [
        ([75] * 99 + [76], False),
        ([75] * 98 + [76, 77], True),
        ([75] * 98 + [76, np.nan], True),
        ([75] * 4, False),
        ([np.nan] * 4, False),
        ([], False),
    ],
)
def test_a_measure_that_does_not_vary_is_left_out(values: list[float], varies: bool) -> None:
    half = len(values) // 2
    cores = [{"size": np.array(part, float)} for part in (values[:half], values[half:])]
    assert (varying([SIZE], cores) == [SIZE]) == varies


def test_a_measure_says_what_it_means(compared: Checked) -> None:
    with open_tree(compared.run.atlas) as tree:
        measures = known_measures(tree, layout_of(open_store(compared.run.atlas)))
    meanings = {measure.name: measure.meaning for measure in measures}
    assert meanings["natural_ratio"] == (
        "MEI / best test image: ratio of the responses; undefined where the latter's is not above 0, and of least exciting "
        "images"
    )
    assert meanings["ablated_accuracy"].startswith("accuracy without the neuron: ")
    assert all(meanings.values())
