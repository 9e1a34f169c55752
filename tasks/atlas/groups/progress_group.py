"""The network's own progress, and the marks of the stages of every epoch."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import PROGRESS, Group, Variable, mark, same

EPOCH = f"{PROGRESS}/epoch"
"""The labels of the epochs."""

FLAGS = ("trained", "observed", "screened", "analysed")
"""Marks of the stages of every epoch, each written last of its stage: with ``status`` the truth for resume."""

TRAINED, OBSERVED, SCREENED, ANALYSED = (f"{PROGRESS}/{flag}" for flag in FLAGS)
BLANKED, KNOWN, ABLATED = (f"{PROGRESS}/{flag}" for flag in ("blanked", "known", "ablated"))

_PROGRESS = {
    "step": Variable(("epoch",), "int64", -1, "training steps", "taken so far", "step"),
    "images_seen": Variable(("epoch",), "int64", -1, "training images", "seen so far", "image"),
    "accuracy": Variable(("epoch",), "float32", np.nan, "test accuracy"),
    "loss": Variable(("epoch",), "float32", np.nan, "test loss", "mean cross-entropy of the scores of classes", "nat"),
    "checkpoint_digest": Variable(("epoch",), str, "", "digest of the checkpoint", "SHA-256 of its file"),
    **{flag: mark(f"{flag}") for flag in FLAGS},
    "blanked": mark("was shown blank images"),
    "known": mark("best known image is chosen"),
}  # fmt: skip

AS_TRAINED = tuple(f"{PROGRESS}/{name}" for name in _PROGRESS)
"""What no mark promises: it is written bit by bit, from an epoch's training on."""

_FINGERPRINT = {
    "fingerprint": Variable(("epoch",), str, "", "fingerprint of the answers", "SHA-256 of what all layers answer to 8 test images: another version of a library changes it"),
}  # fmt: skip

_STEP_SCALES = {
    "scale": Variable(("epoch", "layer", "time_step"), "float32", np.nan, "scale of a time step", "gamma of batch normalisation through time, mean over channels; NaN for a layer without"),
}  # fmt: skip

_OPTIMUM = {
    "beta": Variable(("epoch", "category"), "float64", np.nan, "regularisation", "beta of the problem of one class against the others; at epoch 0 the least at which no unit is in use"),
    "objective": Variable(("epoch", "category"), "float64", np.nan, "objective", "half the squared errors of the scores over the training images, whose targets are 1 and -1, and beta times the sizes of the weights, as a sum"),
    "gap": Variable(("epoch", "category"), "float64", np.nan, "duality gap", "upper bound on the objective's distance from its least value over the patterns that were drawn"),
}  # fmt: skip

_ACTING = {
    "mean_return": Variable(("epoch",), "float32", np.nan, "mean return", "sum of rewards, mean over ten test episodes, the same at every epoch; NaN: of checkpoints from elsewhere, which do not tell"),
}  # fmt: skip

_ABLATION = {
    "ablated": mark("neurons were silenced, one by one"),
    "intact_accuracy": Variable(("epoch",), "float32", np.nan, "accuracy before ablation", "of the whole network, on the test images of the ablation"),
}  # fmt: skip

_POPULATION = {
    "population_sparseness": Variable(("epoch", "layer"), "float32", np.nan, "population sparseness", "Treves-Rolls sparseness over the neurons, mean over test images; 0 (all alike) to 1 (one answers); undefined where any response is negative, or may be"),
    "signal_correlation": Variable(("epoch", "layer"), "float32", np.nan, "signal correlation", "mean Pearson correlation of the class tuning of two neurons; -1 to 1"),
    "dimensionality": Variable(("epoch", "layer"), "float32", np.nan, "dimensionality", "participation ratio of the responses' covariance; 1 to the number of neurons"),
    "active_neurons": Variable(("epoch", "layer"), "int32", 0, "active neurons", "neurons with a non-zero response to any of the test images"),
}  # fmt: skip

PROGRESSES = Group(
    PROGRESS, "the network's own progress, and the marks of every epoch's stages", same(_PROGRESS)
)
FINGERPRINTS = Group(
    PROGRESS,
    "what a network that is not ours answered when it was probed",
    same(_FINGERPRINT),
    mark=TRAINED,
    when=lambda layout: layout.fingerprints,
    condition="a network of another library, or a function",
)
STEP_SCALES = Group(
    f"{PROGRESS}/time_steps",
    "what a layer's normalisation has learnt to scale each time step by",
    same(_STEP_SCALES),
    mark=TRAINED,
    when=lambda layout: bool(layout.scaled_steps),
    condition="network.norm: bntt",
)
OPTIMA = Group(
    f"{PROGRESS}/optimum",
    "how far from the optimum of its training the network is",
    same(_OPTIMUM),
    mark=TRAINED,
    when=lambda layout: layout.certified,
    condition="training.method: convex-threshold",
)
ACTING = Group(
    f"{PROGRESS}/acting",
    "what an actor's actions bring in its environment",
    same(_ACTING),
    mark=TRAINED,
    when=lambda layout: layout.acts,
    condition="network.kind: actor",
)
SILENCED = Group(
    PROGRESS,
    "what ablation starts from",
    same(_ABLATION),
    mark=ABLATED,
    when=lambda layout: layout.ablation,
    condition="analysis.ablation",
)
POPULATION = Group(
    f"{PROGRESS}/layers",
    "a layer's neurons together",
    same(_POPULATION),
    mark=ANALYSED,
    when=lambda layout: bool(layout.natural_images),
)
