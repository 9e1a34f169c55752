"""Results on each neuron over the whole of training: a table that is written when a run concludes."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import TIME, Column, Group, Variable, later, rows, same

NEURON = ("neuron",)

TRAINING_VARIABLES = {
    "onset_epoch": Variable(NEURON, "float64", np.nan, "onset of selectivity", "first epoch from which on the neuron is selective (two in a row): class_selectivity_index at least 0.1, selective_q at most 0.05; NaN: never", "epoch"),
    "highly_selective_onset": Variable(NEURON, "float64", np.nan, "onset of high selectivity", "the same for an index of at least 1/3: the preferred class drives the neuron twice as much", "epoch"),
    "switched": Variable(NEURON, "uint8", 0, "switched", "whether the neuron came to prefer another class of test images (switch_q at most 0.05)"),
    "switch_from": Variable(NEURON, "int16", -1, "class before the switch", "preferred at switch_start; none: not tested"),
    "switch_to": Variable(NEURON, "int16", -1, "class after the switch", "preferred at switch_end; none: not tested"),
    "switch_start": Variable(NEURON, "float64", np.nan, "start of the test of a switch", "first trained epoch from which on the neuron is selective", "epoch"),
    "switch_end": Variable(NEURON, "float64", np.nan, "end of the test of a switch", "last epoch at which it is", "epoch"),
    "switch_epoch": Variable(NEURON, "float64", np.nan, "epoch of the switch", "from which on the new class leads the old one; NaN: not switched", "epoch"),
    "switch_effect": Variable(NEURON, "float64", np.nan, "effect of the switch", "smaller of the leads of the old class at switch_start and of the new one at switch_end, each a difference over its sum; -1 to 1"),
    "switch_p": Variable(NEURON, "float64", np.nan, "p of the switch", "both leads measured on images that did not choose the classes (Welch, intersection-union, both ways); NaN: not tested"),
    "switch_q": Variable(NEURON, "float64", np.nan, "q of the switch", "switch_p corrected for the neurons of the layer (Benjamini-Hochberg)"),
    "mei_support_p": Variable(NEURON, "float64", np.nan, "p of the MEIs' change", "of MEIs read so differently by the study's classifier at switch_start and switch_end, against cold repeats of single epochs; NaN: not tested"),
}  # fmt: skip
"""What ``/training`` of an atlas holds of each neuron."""


TRAINING = Group(
    "training",
    "each neuron over the whole of training, with `layer` and `neuron_index`",
    same(TRAINING_VARIABLES),
    rows,
    when=later,
    condition="an analysed epoch",
    columns=(
        Column("onset_epoch", "onset of selectivity", TIME),
        Column("highly_selective_onset", "onset of high selectivity", TIME),
        Column("switch_epoch", "epoch of the switch", TIME),
        Column("switch_q", "q of the switch", TIME),
    ),
    beside=(
        "switched",
        "switch_from",
        "switch_to",
        "switch_start",
        "switch_end",
        "switch_p",
        "mei_support_p",
    ),
)
