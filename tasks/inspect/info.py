"""An atlas in a few lines for the terminal."""

from __future__ import annotations

from rich.table import Table

from spikeatlas.tasks.atlas import FLAGS, STATUS, layer_nodes, open_tree
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.study.location import Place


def describe(path: Place) -> str:
    """Describe an atlas: its study, epochs with accuracy, and the state of every layer's searches."""
    tree = open_tree(path)
    epochs = Table("epoch", "test accuracy", *FLAGS)
    for epoch in tree.epoch.values:
        row = tree.to_dataset().sel(epoch=epoch)
        marks = ["yes" if row[flag].item() else "no" for flag in FLAGS]
        epochs.add_row(f"{epoch:g}", f"{row.accuracy.item():.3f}", *marks)
    layers = Table("layer", "neurons", "methods", "repeats", *STATUS, "mean response")
    for name, node in layer_nodes(tree).items():
        status = node.status.values
        counts = [str(int((status == value).sum())) for value in range(len(STATUS))]
        sizes = [
            str(node.sizes["neuron"]),
            ", ".join(map(str, node.method.values)),
            str(node.sizes["repeat"]),
        ]
        layers.add_row(name, *sizes, *counts, f"{float(node.response.mean()):.3f}")
    head = [
        f"{path}: schema {tree.attrs['schema_version']}, study {tree.attrs['study_digest'][:16]}",
        f"started {tree.attrs['started']}, ended {tree.attrs['ended'] or 'not yet'}",
    ]
    return "\n".join([*head, as_text(epochs), as_text(layers)])
