"""The key figures as tables."""

from __future__ import annotations

from spikeatlas.tasks.atlas import DONE, SATURATED, SILENT, STATUS, open_tree
from spikeatlas.tasks.report import key_figures
from spikeatlas.tasks.report.atlas_words import UNKNOWN
from spikeatlas.tasks.report.summary import read_summary
from tests.tasks.report.synthetic import (
    Synthetic,
)


def test_key_figures(whole: Synthetic) -> None:
    with open_tree(whole.path) as tree:
        table = tree["neurons"].load()
        accuracy = tree.progress.accuracy.values
    out = table.sel(neuron=table.layer == "out").isel(epoch=-1)
    defined = out.preferred_class >= 0
    agreed = defined & (out.mei_class == out.preferred_class)
    counts = [int((out.status == STATUS[state]).sum()) for state in (DONE, SILENT, SATURATED)]
    expected = [
        "out",
        "10",
        f"{float(out.response.mean()):.3f}",
        *map(str, counts),
        "0",
        "0",
        *(
            f"{float(out[name].median()):.2f}"
            for name in ("natural_ratio", "random_ratio", "class_selectivity_index")
        ),
        f"{int(agreed.sum())} of {int(defined.sum())}",
        UNKNOWN,
    ]
    text = key_figures(read_summary(whole.path))
    assert f"| {' | '.join(expected)} |" in text
    assert f"| test accuracy | {' | '.join(f'{value:.3f}' for value in accuracy)} |" in text
    assert "All figures are of epoch 5." in text
