"""The depth to which a network is computed for some of its layers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from spikeatlas.snn.sentences import near


def layers_upto(layers: Collection[str], names: Sequence[str]) -> int:
    """Return the number of layers from the input to the deepest of ``layers``, of a network's ``names``.

    ValueError for no layer or an unknown one, with the names that are near.
    """
    for layer in layers:
        if layer not in names:
            raise ValueError(
                f"layers names {layer!r}, but the network has {', '.join(names)}{near(layer, names)}."
            )
    if not layers:
        raise ValueError(f"layers is empty: name at least one of {', '.join(names)}.")
    return max(map(names.index, layers)) + 1
