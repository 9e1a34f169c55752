"""Robustness of networks: accuracy under noise and under attacks, one file an attack, one table.

``base`` has the contract, ``norm_ball`` how far an attack may go, ``attack_target`` all that it may ask of a network,
``measurement`` the accuracy that is left, ``layer_signals`` what noise does to the layers, ``attribution_attacks`` what
follows a layer in place of the loss.
"""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.robustness.attack_target import (
    Answer,
    AttackTarget,
    network_target,
    subject_target,
)
from spikeatlas.snn.robustness.attribution_attacks import NaaAttack, NaaTransfer
from spikeatlas.snn.robustness.base import AttackSpec, Scale
from spikeatlas.snn.robustness.fgsm import Fgsm
from spikeatlas.snn.robustness.gaussian_noise import GaussianNoise, noisy
from spikeatlas.snn.robustness.gradient_attack import GradientAttack
from spikeatlas.snn.robustness.layer_signals import (
    LayerSignal,
    layer_signals,
    network_activity,
    subject_activity,
)
from spikeatlas.snn.robustness.measurement import (
    CLEAN,
    PUBLISHED,
    Condition,
    Measurement,
    flat_images,
    measure_network,
    measure_under,
    right_under_all,
)
from spikeatlas.snn.robustness.momentum import MomentumFgsm
from spikeatlas.snn.robustness.norm_ball import Ball, Norm
from spikeatlas.snn.robustness.pgd import Pgd
from spikeatlas.snn.robustness.random_point import RandomPoint
from spikeatlas.snn.robustness.square import Square
from spikeatlas.snn.robustness.transfer import Transfer

ATTACKS: Family[AttackSpec] = Family(
    "attack",
    AttackSpec,  # type: ignore[type-abstract]
    {
        "noise": GaussianNoise,
        "random": RandomPoint,
        "fgsm": Fgsm,
        "pgd": Pgd,
        "momentum": MomentumFgsm,
        "transfer": Transfer,
        "naa": NaaAttack,
        "naa-transfer": NaaTransfer,
        "square": Square,
    },
)
"""``spikeatlas robustness --attack``."""

MASKED_GRADIENTS = (
    "A sparsifying threshold, a maximum or the step of a spike can hide the gradient that an attack follows: accuracy "
    "under FGSM or PGD then says that the attack failed, not that the network is robust. Read these numbers beside those "
    "of the black box (square) and of the transfer attack, which need no gradient of this network, and each of them as "
    "an upper bound: a stronger attack may leave less."
)
"""Warning that stands wherever numbers of attacks do (Athalye et al. 2018, arXiv 1802.00420)."""

__all__ = [
    "ATTACKS",
    "CLEAN",
    "MASKED_GRADIENTS",
    "PUBLISHED",
    "Answer",
    "AttackSpec",
    "AttackTarget",
    "Ball",
    "Condition",
    "Fgsm",
    "GaussianNoise",
    "GradientAttack",
    "LayerSignal",
    "Measurement",
    "MomentumFgsm",
    "NaaAttack",
    "NaaTransfer",
    "Norm",
    "Pgd",
    "RandomPoint",
    "Scale",
    "Square",
    "Transfer",
    "flat_images",
    "layer_signals",
    "measure_network",
    "measure_under",
    "network_activity",
    "network_target",
    "noisy",
    "right_under_all",
    "subject_activity",
    "subject_target",
]
