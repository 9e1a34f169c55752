"""Abilities that a subject may lack."""

from __future__ import annotations


class LackError(ValueError):
    """Asked of a subject what it does not have."""


LACKS = {
    "readout": "a read-out: accuracy, loss, and the classes that the network itself reads in an image stay undefined",
    "ablation": "ablation: none of its neurons can be silenced",
    "truncation": "truncation: every layer costs as much as the whole network",
    "gradients": "gradients: no reference of gradient ascent",
    "training": "training here: it is taken as it comes",
    "epochs": "epochs: there is one state of it, epoch 0",
}
"""All that a subject may lack: its name, and what follows for a study."""
