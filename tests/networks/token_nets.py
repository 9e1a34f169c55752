"""Networks of tokens and of sequences: factories for tests, 8x8 images of one channel."""

from __future__ import annotations

from typing import Any

import snntorch
import torch
from torch import Tensor, nn

TOKENS, WIDTH = 16, 12
"""Patches of 2x2 pixels, and numbers of each."""


class Block(nn.Module):
    """Attention and a perceptron, each added to what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.fc1, self.act, self.fc2 = nn.Linear(WIDTH, 20), nn.ReLU(), nn.Linear(20, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        mixed: Tensor = x + self.fc2(self.act(self.fc1(self.norm2(x))))
        return mixed


class Transformer(nn.Module):
    """Patches, two blocks, and the mean of the tokens; the first ReLU is called on a part that nothing tells of."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.first = nn.Conv2d(1, WIDTH, 2, stride=2), nn.ReLU()
        self.blocks = nn.Sequential(Block(), Block())
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.first(self.patches(x).flatten(2).transpose(1, 2))
        scores: Tensor = self.head(self.blocks(tokens).mean(1))
        return scores


class SpikingTokens(nn.Module):
    """Neurons on tokens, five steps; they are silent if ``gain`` is 0."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.patches, self.fc = nn.Conv2d(1, WIDTH, 2, stride=2), nn.Linear(WIDTH, WIDTH)
        self.lif1, self.lif2 = (snntorch.Leaky(beta=0.8, threshold=0.1) for _ in range(2))
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x: Tensor) -> Tensor:
        membrane1, membrane2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        record = []
        for _ in range(5):
            tokens = self.gain * self.fc(self.patches(x).flatten(2).transpose(1, 2))
            spikes, membrane1 = self.lif1(tokens, membrane1)
            spikes, membrane2 = self.lif2(self.gain * self.head(spikes.mean(1)), membrane2)
            record.append(spikes)
        return torch.stack(record)


class Recurrent(nn.Module):
    """An LSTM over the rows of an image, steps first as torch has it by default."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.head = nn.LSTM(8, 7), nn.Linear(7, 10)

    def forward(self, x: Tensor) -> Tensor:
        hidden, _ = self.rows(x[:, 0].transpose(0, 1))
        scores: Tensor = self.head(hidden[-1])
        return scores


class Encoder(nn.Module):
    """Torch's own encoder, of three layers, tokens first."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 64, 2, stride=2)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(64, 4, 128), 3, enable_nested_tensor=False
        )
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(
            self.encoder(self.patches(x).flatten(2).permute(2, 0, 1)).mean(0)
        )
        return scores


def encoder() -> Encoder:
    return Encoder()


def spiking_tokens(gain: float = 3.0) -> SpikingTokens:
    return SpikingTokens(gain)


def transformer() -> Transformer:
    return Transformer()


def recurrent() -> Recurrent:
    return Recurrent()


def vision_transformer() -> nn.Module:
    """Torchvision's, as small as it gets."""
    from torchvision.models import VisionTransformer

    net: nn.Module = VisionTransformer(8, 2, 2, 2, WIDTH, 20, num_classes=10)
    nn.init.normal_(net.get_parameter("heads.head.weight"), std=0.1)
    return nn.Sequential(Coloured(), net)


class Coloured(nn.Module):
    """Three channels of one."""

    def forward(self, x: Tensor) -> Tensor:
        return x.expand(-1, 3, -1, -1)


@torch.no_grad()
def outputs(module: nn.Module, path: str, images: Tensor) -> Tensor:
    """What a part of a module returns for normalised images, the first of several tensors."""
    values: list[Any] = []
    handle = module.get_submodule(path).register_forward_hook(
        lambda _part, _inputs, output: values.append(output)
    )
    module(images)
    handle.remove()
    tensor: Tensor = values[0][0] if isinstance(values[0], tuple) else values[0]
    return tensor
