"""Step graphs run layer by layer, all time steps folded into the batch, with the bits of the module's own loop.

``program`` puts a graph in order for some layers, ``layer_operators`` has torch's operations, ``layer_neurons`` the
neurons with what stands right before them, and ``layered`` answers images in chunks.
"""

from __future__ import annotations
