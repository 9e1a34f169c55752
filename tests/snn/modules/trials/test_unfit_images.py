from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.networks.other_nets import Small
from tests.networks.snntorch_nets import tutorial
from tests.snn.modules.trials.test_trial import tried

LARGE = torch.rand(8, 1, 28, 28)


class Steps(nn.Module):
    """Takes sequences of 28x28 images alone."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.relu = nn.Linear(784, 10), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 5:
            raise ValueError("sequences,\nplease")
        return self.relu(self.fc(x.flatten(2)))


class Exiting(Small):
    """Ends the program."""

    def forward(self, x: Tensor) -> Tensor:
        raise SystemExit(x.dim() - 1)


@pytest.mark.parametrize(
    ("net", "fields", "sentence"),
    [
        (tutorial().double(), {}, "its conv1.weight is float64; end the factory in .float()."),
        (Small().half(), {}, "its conv.weight is float16; end the factory in .float()."),
        (Small().bfloat16(), {}, "its conv.weight is bfloat16; end the factory in .float()."),
        (Small(3), {}, "it takes images of shape (3, 8, 8), so give data of that shape, or network.options"),
        (Small(), {"pictures": LARGE}, "it takes images of shape (1, 8, 8), so give data of that shape"),
        (Small(), {"pictures": LARGE}, "(image: RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3380 and 180x7); "),
        (nn.Sequential(nn.Linear(64, 10), nn.ReLU()), {}, "it takes flat images, so let the factory put nn.Flatten before"),
        (Steps(), {"kind": "frames", "time_steps": 4}, "it takes images of shape (1, 28, 28), so give data of that"),
        (Steps(), {}, "fails on images of shape (1, 8, 8), float32, in every form that was tried (image: ValueError: "),
        (Steps(), {"kind": "image"}, "sequences, please): give data of the size and channels that it was made for"),
        (Exiting(), {}, "image: exit(3), which would end the program: raise an error instead"),
    ],
)  # fmt: skip
def test_the_cause_is_named_with_what_to_mend(
    net: nn.Module, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as error:
        tried(net, **fields)
    text = str(error.value)
    assert text.startswith("network.factory: the module fails on images of shape (1, ")
    assert "\n" not in text


def test_an_interrupt_stays_one() -> None:
    class Interrupted(Small):
        def forward(self, x: Tensor) -> Tensor:
            del x
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tried(Interrupted())
