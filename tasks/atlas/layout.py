"""The sizes and labels of one atlas, from which every array of it follows (``groups``)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from spikeatlas.snn.generators import Naturalness
from spikeatlas.snn.subjects import SPIKE_RATE
from spikeatlas.snn.training import TrainingAxis

TOP_IMAGES = 5
"""Best natural images kept for each neuron."""

BY_CHOICE = ("position", "frames", "signs", "lengths", "desires", "life")
"""Fields that only a study which asks for it, or has such data, fills."""

BROUGHT = ("measures", "importance", "class_importance")
"""Fields of a layout that only a study with further measures fills."""

OF_NETWORK = (
    "units",
    "stochastic",
    "lacks",
    "fingerprints",
    "references",
    "scaled_steps",
    "certified",
    "acts",
    "axis",
)
"""Fields that only a network other than a deterministic chain fills."""

IN_THE_STORE = ("epochs", "natural_images", "natural_labels", "natural_first", "test_labels")
"""Fields that the store's own labels tell."""


class Named(NamedTuple):
    """An array that a study brings with it."""

    name: str
    long_name: str
    units: str = "1"
    comment: str = ""


class UnitFields(NamedTuple):
    """The unit of a layer's responses."""

    name: str
    bottom: float | None
    """Smallest response there can be; None where there is no lower end."""
    top: float | None
    """Largest response there can be; None where there is no upper end."""

    @property
    def zero_is_silence(self) -> bool:
        """True where a response of 0 is no answer: nothing is below it."""
        return self.bottom == 0

    @property
    def signed(self) -> bool:
        """True where the unit says that responses go below 0, as those to spikes of both signs do."""
        return self.bottom is not None and self.bottom < 0

    @property
    def span(self) -> str:
        """From where to where responses go, in words; empty where there is no end."""
        if self.bottom is None:
            return "" if self.top is None else f"{self.top:g} at most"
        return (
            f"{self.bottom:g} or more" if self.top is None else f"{self.bottom:g} to {self.top:g}"
        )


SPIKES = UnitFields(SPIKE_RATE, 0.0, 1.0)
"""The unit of a layer that has no other."""


@dataclass(frozen=True)
class Layout:
    """The sizes and labels from which a whole atlas follows.

    Fields with a default are newer than the first atlases, whose own description lacks them.
    """

    epochs: tuple[float, ...]
    layers: Mapping[str, tuple[int, ...]]
    """Probed neurons (channels or units) of each layer."""
    blocks: Mapping[str, int]
    """Neurons per task, by layer."""
    methods: tuple[str, ...]
    """Labels of the search axis."""
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
    network: int = 0
    """Training seed, which tells networks of one study apart."""
    spike_steps: Mapping[str, float] = field(default_factory=dict)
    """What one spike adds to a response, by layer."""
    units: Mapping[str, UnitFields] = field(default_factory=dict)
    """Units of responses, of those layers that are measured in others than spikes a step and position."""
    stochastic: bool = False
    """Whether the network answers one stimulus differently at each showing."""
    lacks: tuple[str, ...] = ()
    """What the network does not have: names of ``snn.subjects.LACKS``."""
    references: tuple[str, ...] = ()
    """Layers in whose responses 1 is a number of each neuron's own."""
    outputs: tuple[str, ...] = ("out",)
    """Layers whose neurons stand for classes from the start."""
    fingerprints: bool = False
    """Whether the network is of code that is not ours, which other versions of libraries may change."""
    scaled_steps: int = 0
    """Time steps whose scales the network learns; 0: it learns none."""
    certified: bool = False
    """Whether the training tells how far from its optimum the network is."""
    acts: bool = False
    """Whether the network acts in an environment, whose rewards tell its progress."""
    axis: TrainingAxis | None = None
    """What the epochs count, where that is something else than passes through the training images."""
    desires: bool = False
    """Whether the network learns from wishes of what each neuron is to do, which are measured."""
    frames: int = 0
    """Frames of a test image that is a sequence; 0: still images."""
    signs: tuple[int, ...] = ()
    """Of each entry of the search axis, 1: it holds most exciting images, -1: least exciting ones; empty where all
    have the one sign of the study."""
    warm_start: bool = False
    """Whether there are a cold and a warm search of each neuron."""
    margin: bool = False
    """Whether searches know how far neurons are driven."""
    diverse: int = 0
    """Diverse stimuli of each search."""
    naturalness: Naturalness | Literal[""] = ""
    """Source of how natural a stimulus is; empty where that is not measured."""
    natural_images: tuple[int, ...] = ()
    """Test images whose single responses are kept."""
    natural_labels: tuple[int, ...] = ()
    """Their classes."""
    natural_first: tuple[int, ...] = ()
    """1 for those of the first half, in which classes are chosen that are then tested on the second."""
    test_labels: tuple[int, ...] = ()
    """The class of each test image; none where the images are not in the atlas."""
    cross: bool = False
    """Whether every network is shown the MEIs of every epoch."""
    ablation: bool = False
    """Whether neurons are silenced one by one."""
    life: bool = False
    """Whether neurons are judged live, dormant, undriven, dead or cut."""
    position: str = ""
    """The position of the maps whose one unit's selectivity is measured too; empty: none."""
    lengths: tuple[int, ...] = ()
    """Time steps for which stimuli are shown too."""
    measures: tuple[Named, ...] = ()
    """Arrays of measures of selectivity that are the user's own."""
    importance: tuple[Named, ...] = ()
    """Arrays of measures of importance beside the ablation's."""
    class_importance: tuple[Named, ...] = ()
    """Those of them that are of the images of each class, too."""

    def unit(self, layer: str) -> UnitFields:
        """Return the unit of a layer's responses."""
        return self.units.get(layer, SPIKES)

    @property
    def numbers(self) -> int:
        """Numbers of a stimulus that is a row of them, an observation; 0 of pictures."""
        return self.image[2] if self.image[1] == 1 and not self.frames else 0

    @property
    def neurons(self) -> int:
        """Probed neurons over all layers."""
        return sum(map(len, self.layers.values()))


def image_counts(budget: int) -> tuple[int, ...]:
    """Log-spaced numbers of images, from 1 to ``budget``, about eight a decade."""
    count = 1 + math.ceil(8 * math.log10(budget)) if budget > 1 else 1
    return tuple(sorted({round(budget ** (i / max(count - 1, 1))) for i in range(count)}))
