"""Desire backpropagation image by image, unit by unit, step by step, in Python's numbers: what the program is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

Matrix = list[list[float]]


@dataclass
class PlainDesire:
    """A network of units, whose every layer sees the spikes of the step before."""

    weights: list[Matrix]
    """Of every layer, a row a unit."""
    steps: int
    decay: float = 0.75
    spare: int = 4
    output_error: float = 0.3
    hidden_desire: float = 0.05
    changes: list[Matrix] = field(default_factory=list)

    def show(self, image: list[list[float]], label: int) -> list[list[int]]:
        """Desires of every layer's units for input spikes (T, pixels); ``changes`` of the weights at rate 1 are added up."""
        spikes, traces = self._run(image)
        counts = [
            [sum(step[unit] for step in layer) for unit in range(len(layer[0]))] for layer in spikes
        ]
        desires = self._desires(counts, label)
        if not self.changes:
            self.changes = [[[0.0] * len(row) for row in weight] for weight in self.weights]
        for layer, wishes in enumerate(desires):
            for unit, wish in enumerate(wishes):
                for step in range(self.steps):
                    if spikes[layer][step][unit]:
                        for source, trace in enumerate(traces[layer][step]):
                            self.changes[layer][unit][source] += wish * trace
        return desires

    def _run(self, image: list[list[float]]) -> tuple[list[Matrix], list[Matrix]]:
        membranes = [[0.0] * len(weight) for weight in self.weights]
        remembered = [[0.0] * len(weight[0]) for weight in self.weights]
        spikes: list[Matrix] = [[] for _ in self.weights]
        traces: list[Matrix] = [[] for _ in self.weights]
        for step in range(self.steps):
            for layer, weight in enumerate(self.weights):
                before = image if layer == 0 else spikes[layer - 1]
                incoming = before[step - 1] if step else [0.0] * len(weight[0])
                remembered[layer] = [
                    self.decay * old + spike
                    for old, spike in zip(remembered[layer], incoming, strict=True)
                ]
                fired = []
                for unit, row in enumerate(weight):
                    current = sum(w * spike for w, spike in zip(row, incoming, strict=True))
                    membrane = self.decay * membranes[layer][unit] + current
                    fired.append(1.0 if membrane >= 1 else 0.0)
                    membranes[layer][unit] = membrane - fired[-1]
                spikes[layer].append(fired)
                traces[layer].append(remembered[layer])
        return spikes, traces

    def _desires(self, counts: Matrix, label: int) -> list[list[int]]:
        target = self.steps - self.spare
        wishes = []
        for unit, count in enumerate(counts[-1]):
            error = 1 - count / target if unit == label else count / target
            wishes.append((1 if unit == label else -1) if error > self.output_error else 0)
        desires = [wishes]
        for layer in range(len(self.weights) - 1, 0, -1):
            above, desires = desires[0], [[], *desires]
            for source in range(len(self.weights[layer][0])):
                total = 0.0
                for unit, wish in enumerate(above):
                    aim = 1 if wish == 1 else 0
                    strength = abs(aim - counts[layer][unit] / target)
                    total += self.weights[layer][unit][source] * strength * wish
                sign = 1 if total > 0 else -1
                desires[0].append(sign if abs(total) >= self.hidden_desire else 0)
        return desires
