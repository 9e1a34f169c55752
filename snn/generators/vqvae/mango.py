"""The VQ-VAE that MANGO publishes for CIFAR-10, a generator that this project did not train.

Its file (MIT) holds a state dict of torch: 64 positions, 512 codes, embedding 64; it was taught images
normalised with the mean and deviation of CIFAR-10 below (arXiv 2401.10748; van den Oord et al. 2017).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.generators.codes import CodeGenerator

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2023, 0.1994, 0.2010)
_WIDTH, _NARROW, _EMBEDDING, _CODES = 128, 32, 64, 512
_IMAGE = (3, 32, 32)

# the parts of the two networks: our name, the file's, whether it has a bias
_PARTS = (
    ("encoder.1", "_encoder._conv_1", True),
    ("encoder.3", "_encoder._conv_2", True),
    ("encoder.5", "_encoder._conv_3", True),
    ("encoder.6.inner", "_encoder._residual_stack._layers.0._block.1", False),
    ("encoder.6.outer", "_encoder._residual_stack._layers.0._block.3", False),
    ("encoder.7.inner", "_encoder._residual_stack._layers.1._block.1", False),
    ("encoder.7.outer", "_encoder._residual_stack._layers.1._block.3", False),
    ("encoder.9", "_pre_vq_conv", True),
    ("decoder.0", "_decoder._conv_1", True),
    ("decoder.1.inner", "_decoder._residual_stack._layers.0._block.1", False),
    ("decoder.1.outer", "_decoder._residual_stack._layers.0._block.3", False),
    ("decoder.2.inner", "_decoder._residual_stack._layers.1._block.1", False),
    ("decoder.2.outer", "_decoder._residual_stack._layers.1._block.3", False),
    ("decoder.4", "_decoder._conv_trans_1", True),
    ("decoder.6", "_decoder._conv_trans_2", True),
)
_NAMES = {"codebook": "_vq_vae._embedding.weight"} | {
    f"{name}.{kind}": f"{source}.{kind}"
    for name, source, bias in _PARTS
    for kind in ("weight", "bias")[: 1 + bias]
}


def is_mango(tensors: Mapping[str, object]) -> bool:
    """Tell whether these are the tensors of MANGO's VQ-VAE, by their names."""
    return set(_NAMES.values()) <= set(tensors)


def make_mango(tensors: Mapping[str, Tensor]) -> CodeGenerator:
    """Make the generator of MANGO's tensors; ValueError where one has another shape."""
    with torch.device("meta"):
        network = CodeGenerator(
            _encoder(),
            _decoder(),
            torch.empty(_CODES, _EMBEDDING),
            positions=64,
            image_shape=_IMAGE,
            width=_WIDTH // 2,
        )
    network = network.to_empty(device="cpu")
    weights = {name: tensors[source].float() for name, source in _NAMES.items()}
    target = network.state_dict()
    misfits = [_NAMES[name] for name in weights if weights[name].shape != target[name].shape]
    if misfits:
        raise ValueError(
            f"the weights {', '.join(misfits)} have other shapes than MANGO's VQ-VAE for CIFAR-10: "
            "give the file mango-vqvae-cifar10.pt that MANGO publishes"
        )
    network.load_state_dict(weights)
    return network


class _Residual(nn.Module):
    """Two convolutions whose result is added to the rectified map.

    Their block rectifies its input in place, so that the skip connection carries the rectified map.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(_WIDTH, _NARROW, 3, padding=1, bias=False)
        self.outer = nn.Conv2d(_NARROW, _WIDTH, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (n, 128, h, w) -> (n, 128, h, w)."""
        rectified = functional.relu(maps)
        change: Tensor = self.outer(functional.relu(self.inner(rectified)))
        return rectified + change


class _Normalise(nn.Module):
    """Pixels/255 to units of their standard deviation."""

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels - _column(MEAN)) / _column(STD)


class _Denormalise(nn.Module):
    """The way back."""

    def forward(self, units: Tensor) -> Tensor:
        return units * _column(STD) + _column(MEAN)


def _column(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values)[:, None, None]


def _encoder() -> nn.Sequential:
    half = _WIDTH // 2
    return nn.Sequential(
        _Normalise(),
        nn.Conv2d(_IMAGE[0], half, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(half, _WIDTH, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
        _Residual(),
        _Residual(),
        nn.ReLU(),
        nn.Conv2d(_WIDTH, _EMBEDDING, 1),
    )


def _decoder() -> nn.Sequential:
    half = _WIDTH // 2
    return nn.Sequential(
        nn.Conv2d(_EMBEDDING, _WIDTH, 3, padding=1),
        _Residual(),
        _Residual(),
        nn.ReLU(),
        nn.ConvTranspose2d(_WIDTH, half, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(half, _IMAGE[0], 4, stride=2, padding=1),
        _Denormalise(),
    )
