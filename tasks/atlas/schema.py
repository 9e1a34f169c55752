"""What an atlas holds: every group, variable, dimension, unit and chunk, as a table.

The block of neurons that one task owns is one chunk in every array with a ``method`` axis; per-epoch
arrays have one chunk an epoch. So no chunk is ever shared by two tasks, and a chunk is written whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

SCHEMA_VERSION = 1
"""Raised when readers of an older atlas would misread a newer one."""

TOP_IMAGES = 5
"""Best natural images kept for each neuron."""

LANES = ("cold", "warm")
"""Meanings of ``lane``: a search that knew nothing of other epochs, and one that started from the last."""

STATUS = ("pending", "done", "silent", "saturated", "failed", "unplanned")
"""Meanings of ``status``: ``silent`` never answered (best response 0), ``saturated`` answers with 1; where the
least exciting image is searched: did so to every image of the search. ``unplanned``: a repeat that the study
wants at other epochs only (search.repeats_at)."""
PENDING, DONE, SILENT, SATURATED, FAILED, UNPLANNED = range(6)
UNSETTLED = (PENDING, FAILED, UNPLANNED)
"""States without a result."""

FLAGS = ("trained", "observed", "screened", "analysed")
"""Root flags over ``epoch``, each written last of its stage: with ``status`` the truth for resume."""

RATE = "1"
"""Unit of a spike rate: spikes per time step and position, 0 to 1."""


Known: TypeAlias = Literal["critic", "code", "norm", "pixels"]
"""What tells of a generator's stimuli how natural they are: its critic; the prior of its codes; the length
of its latents alone; nothing but the pixels."""


UNLIKE = 0.05
"""A quantile of the test images below which a stimulus is unlike nearly all of them."""


class Variable(NamedTuple):
    """One array of the atlas."""

    dims: tuple[str, ...]
    dtype: Any
    fill: Any
    long_name: str
    units: str = "1"
    extra: Mapping[str, Any] = {}

    @property
    def of_block(self) -> bool:
        """Whether each block of neurons has chunks of its own in it, and commits them by ``status``."""
        return "method" in self.dims and not self.compares_epochs

    @property
    def compares_epochs(self) -> bool:
        """Whether it sets epochs against each other."""
        return "stimulus_epoch" in self.dims

    def attributes(self) -> dict[str, Any]:
        """CF-style attributes."""
        return {"long_name": self.long_name, "units": self.units, **self.extra}


@dataclass(frozen=True)
class Layout:
    """The sizes and labels from which a whole atlas follows."""

    epochs: tuple[float, ...]
    layers: Mapping[str, tuple[int, ...]]
    """Probed neurons (channels or units) of each layer."""
    blocks: Mapping[str, int]
    """Neurons per task, by layer."""
    methods: tuple[str, ...]
    repeats: int
    budget: int
    latent: int
    """Length of a latent."""
    latent_dtype: str
    image: tuple[int, int, int]
    """(channels, height, width) of a stimulus."""
    classes: tuple[str, ...]
    screening: int
    """Screening stimuli of one repeat."""
    warm_start: bool = False
    """Whether searches have a cold and a warm lane."""
    diverse: int = 0
    """Diverse stimuli of each search."""
    naturalness: Known | Literal[""] = ""
    """What tells how natural a stimulus is; empty in an atlas of before that was measured."""
    natural_images: tuple[int, ...] = ()
    """Test images whose single responses are kept; none in an atlas of before that was done."""
    natural_labels: tuple[int, ...] = ()
    """Their classes."""
    natural_first: tuple[int, ...] = ()
    """1 for those of the first half, in which classes are chosen that are then tested on the second."""
    cross: bool = False
    """Whether every network is shown the MEIs of every epoch."""
    ablation: bool = False
    """Whether neurons are silenced one by one."""

    @property
    def neurons(self) -> int:
        """Probed neurons over all layers."""
        return sum(map(len, self.layers.values()))

    def sizes(self, layer: str | None = None) -> dict[str, int]:
        """The length of each dimension, in ``layer``'s group or in the groups over all layers."""
        channel, y, x = self.image
        return {
            "epoch": len(self.epochs), "stimulus_epoch": len(self.epochs), "image": len(self.natural_images),
            "layer": len(self.layers), "neuron": len(self.layers[layer]) if layer else self.neurons,
            "method": len(self.methods), "repeat": self.repeats, "latent": self.latent,
            "channel": channel, "y": y, "x": x, "query": len(queries(self.budget)),
            "class": len(self.classes), "rank": ranks(self.diverse), "half": 2,
            "stimulus": self.screening * self.repeats,
            **{f"neuron_{name}": len(indices) for name, indices in self.layers.items()},
        }  # fmt: skip

    def chunk(self, variable: Variable, layer: str | None) -> tuple[int, ...]:
        """A chunk: one epoch, one block of neurons where tasks own blocks, and all of the rest."""
        sizes = self.sizes(layer)
        owned = {"epoch": 1, "stimulus_epoch": 1}
        if layer and variable.of_block:
            owned["neuron"] = self.blocks[layer]
        return tuple(owned.get(dim, sizes[dim]) for dim in variable.dims)

    def arrays(self) -> Iterator[tuple[str, str, Variable, str | None]]:
        """Every data array: its group, its name, what it is, and its layer if it belongs to one."""
        for name, variable in root_variables().items():
            yield "", name, variable, None
        for layer in self.layers:
            for name, variable in self.of_layer().items():
                yield f"layers/{layer}", name, variable, layer
        for name, variable in screening_variables(self.latent_dtype, tuple(self.layers)).items():
            yield "screening", name, variable, None
        for group, variables in (
            ("natural", natural_variables(tuple(self.layers)) if self.natural_images else {}),
            ("cross", cross_variables() if self.cross else {}),
            ("ablation", ablation_variables() if self.ablation else {}),
            ("selectivity", selectivity_variables(full=bool(self.natural_images))),
            ("population", population_variables() if self.natural_images else {}),
            ("naturalness", naturalness_variables(self.naturalness)),
            ("neurons", neuron_variables(self.naturalness)),
        ):
            for name, variable in variables.items():
                yield group, name, variable, None

    def of_layer(self) -> dict[str, Variable]:
        """Every data array of a layer's group."""
        found = layer_variables(self.latent_dtype)
        if self.warm_start:
            found |= lane_variables(self.latent_dtype)
        if self.diverse:
            found |= diverse_variables(self.latent_dtype)
        if self.cross:
            found |= cross_response_variables()
        return found

    def bytes(self) -> int:
        """Bytes of all arrays, uncompressed: an upper estimate of the space an atlas takes."""
        return sum(
            math.prod(self.sizes(layer)[dim] for dim in variable.dims) * itemsize(variable)
            for _, _, variable, layer in self.arrays()
        )


def itemsize(variable: Variable) -> int:
    """Bytes of one element (strings are estimated)."""
    return 16 if variable.dtype is str else int(np.dtype(variable.dtype).itemsize)


def queries(budget: int) -> tuple[int, ...]:
    """Log-spaced numbers of images, from 1 to ``budget``, about eight a decade."""
    count = 1 + math.ceil(8 * math.log10(budget)) if budget > 1 else 1
    return tuple(sorted({round(budget ** (i / max(count - 1, 1))) for i in range(count)}))


def ranks(diverse: int) -> int:
    """Length of ``rank``, which natural and diverse stimuli share: a group has one length a dimension."""
    return max(TOP_IMAGES, diverse)


def flags(meanings: tuple[str, ...], start: int = 0) -> dict[str, Any]:
    """CF flag attributes."""
    return {
        "flag_values": list(range(start, start + len(meanings))),
        "flag_meanings": " ".join(meanings),
    }


def root_variables() -> dict[str, Variable]:
    """The network's own progress, and the marks of the per-epoch stages."""
    return {
        "step": Variable(("epoch",), "int64", -1, "training steps taken", "step"),
        "images_seen": Variable(("epoch",), "int64", -1, "training images seen", "image"),
        "accuracy": Variable(("epoch",), "float32", np.nan, "test accuracy of the network"),
        "loss": Variable(("epoch",), "float32", np.nan, "mean test loss (cross-entropy of spike counts)", "nat"),
        "checkpoint_digest": Variable(("epoch",), str, "", "SHA-256 of the checkpoint file"),
        **{
            flag: Variable(("epoch",), "uint8", 0, f"whether the epoch is {flag}", extra=flags(("no", "yes")))
            for flag in FLAGS
        },
    }  # fmt: skip


def layer_variables(latent_dtype: str) -> dict[str, Variable]:
    """What is known of a layer's neurons: found by search, and seen on natural (test) images."""
    search = ("epoch", "neuron", "method", "repeat")
    return {
        "mei": Variable((*search, "channel", "y", "x"), "uint8", 0, "most exciting image (search.sign -1: least exciting): the stimulus itself", "grey level (0 to 255)"),
        "latent": Variable((*search, "latent"), latent_dtype, 0, "the generator's input that made the image"),
        "response": Variable(search, "float32", np.nan, "spike rate in answer to mei, measured after the search (stochastic coding: over 4 x search.presentations showings that no choice rests on)", RATE),
        "search_response": Variable(search, "float32", np.nan, "spike rate to the best image, as the search saw it", RATE),
        "queries": Variable(search, "int32", 0, "images shown for this neuron", "image"),
        "seed": Variable(search, "int64", -1, "seed of this search"),
        "seconds": Variable(search, "float32", np.nan, "the task's time divided by its searches", "s"),
        "history": Variable((*search, "query"), "float32", np.nan, "best spike rate after so many images (search.naturalness: best of what the search was told, in units of the best test image's response)", RATE),
        "status": Variable(search, "uint8", PENDING, "state of the search", extra=flags(STATUS)),
        "natural_response": Variable(("epoch", "neuron", "class"), "float32", np.nan, "mean spike rate to the test images of a class", RATE),
        "natural_half_response": Variable(("epoch", "neuron", "half", "class"), "float32", np.nan, "mean spike rate to one half of a class's test images", RATE),
        "natural_active": Variable(("epoch", "neuron"), "int32", 0, "test images answered with at least one spike", "image"),
        "natural_top": Variable(("epoch", "neuron", "rank"), "int32", -1, "indices of the most exciting test images"),
        "natural_top_response": Variable(("epoch", "neuron", "rank"), "float32", np.nan, "spike rates to the most exciting test images", RATE),
    }  # fmt: skip


def lane_variables(latent_dtype: str) -> dict[str, Variable]:
    """Both searches of a study with a warm start; ``mei`` is the better one's."""
    search = ("epoch", "neuron", "method", "repeat")
    told = {
        "cold": "the cold lane, which knows nothing of other epochs",
        "warm": "the warm lane, started from the MEI of the epoch before (none at the first epoch)",
    }
    found = {"lane": Variable(search, "uint8", 0, "lane that found mei", extra=flags(LANES))}
    for lane, text in told.items():
        found |= {
            f"{lane}_mei": Variable((*search, "channel", "y", "x"), "uint8", 0, f"best stimulus of {text}", "grey level (0 to 255)"),
            f"{lane}_latent": Variable((*search, "latent"), latent_dtype, 0, f"latent of the best stimulus of {text}"),
            f"{lane}_response": Variable(search, "float32", np.nan, f"spike rate to the best stimulus of {text}, measured as response is", RATE),
        }  # fmt: skip
    return found


def diverse_variables(latent_dtype: str) -> dict[str, Variable]:
    """Further stimuli of each search, as different as possible, along the first ``rank``s."""
    search = ("epoch", "neuron", "method", "repeat")
    return {
        "diverse": Variable((*search, "rank", "channel", "y", "x"), "uint8", 0, "stimuli with nearly the response of mei that differ most", "grey level (0 to 255)"),
        "diverse_latent": Variable((*search, "rank", "latent"), latent_dtype, 0, "the generator's inputs that made them"),
        "diverse_response": Variable((*search, "rank"), "float32", np.nan, "spike rates to them, measured after the search: at least 0.85 of response (search.sign -1: at most 1 / 0.85)", RATE),
        "diverse_count": Variable(search, "int32", 0, "how many were found, of search.diverse", "image"),
    }  # fmt: skip


SHOWN = {"coordinates": "repeat"}
"""CF attribute of arrays over screening stimuli: the repeat that each belongs to."""


def screening_variables(latent_dtype: str, layers: tuple[str, ...]) -> dict[str, Variable]:
    """The stimuli shown once per epoch and repeat, and what every neuron answered."""
    return {
        "image": Variable(("epoch", "stimulus", "channel", "y", "x"), "uint8", 0, "screening stimulus", "grey level (0 to 255)", SHOWN),
        "latent": Variable(("epoch", "stimulus", "latent"), latent_dtype, 0, "the generator's input that made the image", extra=SHOWN),
        **{
            f"response_{layer}": Variable(("epoch", "stimulus", f"neuron_{layer}"), "float32", np.nan, f"spike rates of {layer}", RATE, SHOWN)
            for layer in layers
        },
    }  # fmt: skip


TABLE = {"coordinates": "layer index"}
"""CF attribute of arrays over all layers' neurons."""


def natural_variables(layers: tuple[str, ...]) -> dict[str, Variable]:
    """What every neuron answered to each of the same test images, at every epoch."""
    return {
        f"response_{layer}": Variable(("epoch", "image", f"neuron_{layer}"), "float32", np.nan, f"spike rates of {layer} to test images", RATE, {"coordinates": "label first"})
        for layer in layers
    }  # fmt: skip


def cross_variables() -> dict[str, Variable]:
    """Which networks were shown which epochs' MEIs."""
    return {
        "crossed": Variable(("epoch", "stimulus_epoch"), "uint8", 0, "whether the network of epoch was shown the MEIs of stimulus_epoch", extra=flags(("no", "yes"))),
    }  # fmt: skip


def cross_response_variables() -> dict[str, Variable]:
    """What a neuron of one epoch answers to its own MEI of another."""
    dims = ("epoch", "stimulus_epoch", "neuron", "method", "repeat")
    return {
        "cross_response": Variable(dims, "float32", np.nan, "spike rate of the network of epoch to mei (with a warm start: cold_mei) of stimulus_epoch, measured as response is", RATE),
    }  # fmt: skip


def ablation_variables() -> dict[str, Variable]:
    """What the network loses without a neuron."""
    return {
        "ablated": Variable(("epoch",), "uint8", 0, "whether the epoch's neurons were silenced one by one", extra=flags(("no", "yes"))),
        "intact_accuracy": Variable(("epoch",), "float32", np.nan, "accuracy of the whole network on the test images of the ablation"),
        "accuracy": Variable(("epoch", "neuron"), "float32", np.nan, "accuracy on the same images while this neuron is silent", extra=TABLE),
        "loss_increase": Variable(("epoch", "neuron"), "float32", np.nan, "mean rise of the loss (cross-entropy of spike counts) while this neuron is silent", "nat", TABLE),
    }  # fmt: skip


def population_variables() -> dict[str, Variable]:
    """Measures of a layer's neurons together (sources in ``snn/selectivity``)."""
    dims = ("epoch", "layer")
    return {
        "population_sparseness": Variable(dims, "float32", np.nan, "Treves-Rolls sparseness over the neurons, mean over test images; 0 (all alike) to 1 (one answers)"),
        "signal_correlation": Variable(dims, "float32", np.nan, "mean Pearson correlation of the class tuning of two neurons; -1 to 1"),
        "dimensionality": Variable(dims, "float32", np.nan, "participation ratio of the responses' covariance; 1 to the number of neurons"),
        "active_neurons": Variable(dims, "int32", 0, "neurons with a non-zero response to any of the test images"),
    }  # fmt: skip


def selectivity_variables(*, full: bool) -> dict[str, Variable]:
    """Measures of each neuron, on natural images and on its MEIs (sources in ``snn/selectivity``).

    ``full``: with those that need the responses to single test images.
    """
    found = base_variables()
    return found | tuning_variables() | mei_variables() if full else found


def tuning_variables() -> dict[str, Variable]:
    """Measures on test images beside the class selectivity index."""
    rows = ("epoch", "neuron")

    def measure(text: str, units: str = "1") -> Variable:
        return Variable(rows, "float32", np.nan, text, units, TABLE)

    return {
        "csi_low": measure("lower end of the 95 % bootstrap interval (over images) of class_selectivity_index"),
        "csi_high": measure("upper end of that interval"),
        "csi_null": measure("mean of class_selectivity_index under shuffled labels, choice of class included"),
        "csi_null_high": measure("95 % quantile of it under shuffled labels"),
        "selective_p": measure("p of the test that the preferred class, chosen on one half, drives the neuron more than the others on the other half (Welch, both ways)"),
        "selective_q": measure("the same corrected for the neurons of the layer (Benjamini-Hochberg)"),
        "lifetime_sparseness": measure("Treves-Rolls sparseness over test images; 0 (flat) to 1 (one image)"),
        "hoyer_sparseness": measure("Hoyer's sparseness over test images; 0 to 1"),
        "d_prime": measure("d' of the preferred class (chosen on the other half) against the rest", "standard deviation"),
        "auc": measure("area under the ROC curve of the preferred class (chosen on the other half) against the rest; 0.5: chance"),
        "mutual_information": measure("information between response and class, bias corrected; 0: none", "bit"),
        "mutual_information_null": measure("the same under shuffled labels", "bit"),
        "split_half_reliability": measure("correlation of the class tuning of the two halves of the images, Spearman-Brown corrected"),
    }  # fmt: skip


def mei_variables() -> dict[str, Variable]:
    """Measures on the MEI itself (with a warm start: on cold_mei)."""
    search = ("epoch", "neuron", "method", "repeat")
    return {
        "mei_reference_class": Variable(search, "int16", -1, "class that the study's classifier, the same at all epochs, reads in the MEI; -1: less sure of it than of 95 % of test images, no classifier, or a silent neuron", extra=TABLE),
        "mei_reference_confidence": Variable(search, "float32", np.nan, "its calibrated probability of that class", extra=TABLE),
        "mei_perplexity": Variable(search, "float32", np.nan, "relative perplexity of the network's class probabilities (temperature fitted on test images) for the MEI; 1 / classes (one class) to 1 (none)", extra=TABLE),
        "mei_mango_perplexity": Variable(search, "float32", np.nan, "MANGO's value of the same, of the plain softmax of spike counts and with its mixed logarithms; floor 0.203 for 10 classes", extra=TABLE),
        "mei_bytes": Variable(search, "int32", -1, "losslessly compressed size of the MEI", "byte", TABLE),
        "mei_slope": Variable(search, "float32", np.nan, "slope of log power over log spatial frequency of the MEI", extra=TABLE),
    }  # fmt: skip


def base_variables() -> dict[str, Variable]:
    """What every atlas has of each neuron's selectivity."""
    search = ("epoch", "neuron", "method", "repeat")
    return {
        "class_selectivity_index": Variable(("epoch", "neuron"), "float32", np.nan, "(preferred - mean of others) / (preferred + mean of others), class chosen on one half of the test images, measured on the other; -1 to 1", extra=TABLE),
        "preferred_class": Variable(("epoch", "neuron"), "int16", -1, "class with the highest mean response, -1: undefined", extra=TABLE),
        "mei_class": Variable(search, "int16", -1, "class that the network of this epoch reads in the MEI, -1: no output spike, or a silent neuron", extra=TABLE),
        "natural_ratio": Variable(search, "float32", np.nan, "MEI response / best test image's response", extra=TABLE),
        "random_ratio": Variable(search, "float32", np.nan, "MEI response / best screening stimulus's response (same repeat)", extra=TABLE),
    }  # fmt: skip


def naturalness_variables(known: Known | Literal[""]) -> dict[str, Variable]:
    """How natural each MEI is (sources in ``tasks/analysis/naturalness.py``)."""
    search = ("epoch", "neuron", "method", "repeat")
    if not known:
        return {}
    found = {
        "nearest_distance": Variable(search, "float32", np.nan, "root mean square difference of the pixels of mei and the nearest training image, in shares of the grey scale; 0 to 1", extra=TABLE),
        "nearest_image": Variable(search, "int32", -1, "index of that training image", extra=TABLE),
        "clipped_share": Variable(search, "float32", np.nan, "share of the pixels of mei that the generator put outside of black to white; 0 to 1", extra=TABLE),
    }  # fmt: skip
    if known in ("critic", "norm"):
        found["norm_quantile"] = Variable(
            search,
            "float32",
            np.nan,
            "part of the prior's latents that are shorter than that of mei; 0 to 1",
            extra=TABLE,
        )
    if known == "critic":
        found["critic_score"] = Variable(
            search,
            "float32",
            np.nan,
            "score of mei by the generator's critic, high is real",
            extra=TABLE,
        )
    if known == "code":
        found["code_log_likelihood"] = Variable(
            search,
            "float32",
            np.nan,
            "log-likelihood of the codes of mei under the autoregressive prior",
            "nat",
            extra=TABLE,
        )
    if known in ("critic", "code"):
        scored = {"critic": "critic score", "code": "code log-likelihood"}[known]
        found["typicality"] = Variable(
            search,
            "float32",
            np.nan,
            f"part of the test images whose {scored} is at most that of mei; 0 to 1, below 0.05 is unlike nearly all of them",
            extra=TABLE,
        )
    return found


NATURAL_COLUMNS = ("typicality", "norm_quantile", "nearest_distance")
"""What ``/neurons`` takes over of ``/naturalness``, as far as there is such a variable."""


def neuron_variables(known: Known | Literal[""]) -> dict[str, Variable]:
    """The table people start from: one row a neuron and epoch, its best result over methods and repeats."""
    rows = ("epoch", "neuron")
    natural = naturalness_variables(known)
    return {
        **{name: natural[name]._replace(dims=rows) for name in NATURAL_COLUMNS if name in natural},
        "response": Variable(rows, "float32", np.nan, "best MEI response", RATE, TABLE),
        "method": Variable(rows, str, "", "method that found it", extra=TABLE),
        "repeat": Variable(rows, "int16", -1, "repeat that found it", extra=TABLE),
        "status": Variable(rows, "uint8", PENDING, "state of that search", extra={**TABLE, **flags(STATUS)}),
        "mei_class": Variable(rows, "int16", -1, "class read in that MEI, -1: no output spike", extra=TABLE),
        "natural_ratio": Variable(rows, "float32", np.nan, "best MEI response / best test image's response", extra=TABLE),
        "random_ratio": Variable(rows, "float32", np.nan, "best MEI response / best screening stimulus's response (same repeat)", extra=TABLE),
        "class_selectivity_index": Variable(rows, "float32", np.nan, "class selectivity index on test images", extra=TABLE),
        "preferred_class": Variable(rows, "int16", -1, "preferred class on test images, -1: undefined", extra=TABLE),
    }  # fmt: skip
