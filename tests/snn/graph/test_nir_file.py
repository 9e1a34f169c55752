"""NIR files against an Euler of NIR's equations, written by hand, by snnTorch and by SpikingJelly."""

from __future__ import annotations

import builtins
import itertools
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import nir
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.graph.nir_file import DT, NIRNetwork, nir_module
from spikeatlas.snn.graph.nir_neurons import NIRNeuron
from spikeatlas.snn.neurons import Rule, is_neuron, read_rule

STEPS = 50
Node = Any


def euler(graph: Any, inputs: Tensor) -> dict[str, Tensor]:
    """What every node of a graph in order gives, (T, n, ...), in float32: NIR's equations, step by step."""
    single = lambda values: torch.from_numpy(np.asarray(values, np.float64)).float()
    state: dict[str, Any] = {name: (torch.tensor(0.0),) * 2 for name in graph.nodes}
    record: dict[str, list[Tensor]] = {name: [] for name in graph.nodes}
    for step in inputs:
        for name in ordered(graph):
            node = graph.nodes[name]
            sources = [record[source][-1] for source, target in graph.edges if target == name]
            x: Any = sum(sources) if sources else step
            if isinstance(node, nir.LIF | nir.IF | nir.CubaLIF):
                x, state[name] = fire(node, x, state[name], single)
            else:
                x = linear(node, x, single)
            record[name].append(x)
    return {name: torch.stack(rows) for name, rows in record.items()}


def fire(node: Node, x: Tensor, state: Any, single: Any) -> tuple[Tensor, Any]:
    i, v = state
    if isinstance(node, nir.IF):
        v = v + single(DT * node.r) * x
    elif isinstance(node, nir.LIF):
        v = v + single(DT / node.tau) * ((single(node.v_leak) - v) + single(node.r) * x)
    else:
        i = i + single(DT / node.tau_syn) * (single(node.w_in) * x - i)
        v = v + single(DT / node.tau_mem) * ((single(node.v_leak) - v) + single(node.r) * i)
    spikes = v > single(node.v_threshold)
    return spikes.float(), (i, torch.where(spikes, single(node.v_reset), v))


def linear(node: Node, x: Tensor, single: Any) -> Tensor:  # noqa: PLR0911 - one a node
    sizes = lambda name: tuple(np.broadcast_to(getattr(node, name), 2).tolist())
    if isinstance(node, nir.Affine):
        return x @ single(node.weight).T + single(node.bias)
    if isinstance(node, nir.Linear):
        return x @ single(node.weight).T
    if isinstance(node, nir.Conv2d):
        return F.conv2d(
            x,
            single(node.weight),
            single(node.bias),
            sizes("stride"),
            sizes("padding"),
            1,
            node.groups,
        )
    if isinstance(node, nir.Conv1d):
        return F.conv1d(
            x, single(node.weight), single(node.bias), int(node.stride), int(node.padding)
        )
    if isinstance(node, nir.AvgPool2d | nir.SumPool2d):
        mean = F.avg_pool2d(x, sizes("kernel_size"), sizes("stride"), sizes("padding"))
        return mean * (np.prod(node.kernel_size) if isinstance(node, nir.SumPool2d) else 1)
    if isinstance(node, nir.Flatten):
        return x.flatten(node.start_dim + 1)
    return x * single(node.scale) if isinstance(node, nir.Scale) else x


def ordered(graph: Any) -> list[str]:
    """Names in an order for a graph whose longest way decides."""
    depth = dict.fromkeys(graph.nodes, 0)
    for _ in graph.nodes:
        for source, target in graph.edges:
            depth[target] = max(depth[target], depth[source] + 1)
    return sorted(graph.nodes, key=lambda name: depth[name])


def lif(shape: Any, seed: int = 0, **fields: Any) -> Any:
    rng = np.random.default_rng(seed)
    draw = lambda low, high: rng.uniform(low, high, shape)
    values = {
        "tau": draw(5e-4, 4e-3),
        "r": draw(0.5, 3),
        "v_leak": draw(-0.1, 0.3),
        "v_threshold": draw(0.3, 1),
        "v_reset": draw(-0.2, 0.2),
    }
    return nir.LIF(**{**values, **fields})


def integrator(shape: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return nir.IF(
        r=rng.uniform(500, 4000, shape),
        v_threshold=rng.uniform(0.5, 1.5, shape),
        v_reset=rng.uniform(-0.2, 0.2, shape),
    )


def cuba(shape: Any, seed: int = 0) -> Any:
    base = lif(shape, seed)
    rng = np.random.default_rng(seed + 1)
    return nir.CubaLIF(
        tau_syn=rng.uniform(3e-4, 2e-3, shape),
        tau_mem=base.tau,
        r=base.r,
        v_leak=base.v_leak,
        v_threshold=base.v_threshold,
        v_reset=base.v_reset,
        w_in=rng.uniform(1, 3, shape),
    )


def eighths(*shape: int, seed: int = 0) -> np.ndarray:
    """Weights that add up without rounding."""
    return np.random.default_rng(seed).integers(-4, 9, shape) / 8


def written(path: Path, nodes: dict[str, Any], edges: list[tuple[str, str]] | None = None) -> Path:
    names = list(nodes)
    chain = list(itertools.pairwise(names))
    file = path / f"net_{len(list(path.iterdir()))}.nir"
    nir.write(file, nir.NIRGraph(nodes, edges or chain, type_check=False))
    return file


def ends(shape: tuple[int, ...], out: tuple[int, ...], **nodes: Any) -> dict[str, Any]:
    return {
        "input": nir.Input({"input": np.array(shape)}),
        **nodes,
        "output": nir.Output({"output": np.array(out)}),
    }


def recorded(network: NIRNetwork, inputs: Tensor) -> dict[str, Tensor]:
    """What each node gives at every step, by hooks."""
    record: dict[str, list[Tensor]] = {name: [] for name in network.names}
    handles = [
        module.register_forward_hook(lambda _m, _i, output, name=name: record[name].append(output))
        for name, module in zip(network.names, network.nodes, strict=True)
    ]
    network.reset()
    with torch.no_grad():
        for step in inputs:
            network(step)
    for handle in handles:
        handle.remove()
    network.reset()
    return {name: torch.stack(rows) for name, rows in record.items()}


def images(*shape: int, steps: int = STEPS, constant: bool = False) -> Tensor:
    rng = np.random.default_rng(7)
    frames = torch.from_numpy(
        rng.integers(0, 33, (1 if constant else steps, 3, *shape)) / 16
    ).float()
    return frames.expand(steps, *frames.shape[1:])


def same(network: NIRNetwork, path: Path, inputs: Tensor) -> int:
    """Spikes of all neurons, none of which differs from Euler's."""
    expected, total = euler(nir.read(path, type_check=False), inputs), 0
    record = recorded(network, inputs)
    assert network.spiking
    for name in network.spiking:
        assert torch.equal(record[name], expected[name]), name
        total += int(record[name].sum())
    return total


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("make", [lif, integrator, cuba])
def test_neurons_of_their_own_parameters(tmp_path: Path, make: Any, *, constant: bool) -> None:
    path = written(tmp_path, ends((20_000,), (20_000,), cells=make((20_000,))))

    network = nir_module(path)
    currents = torch.from_numpy(np.random.default_rng(0).uniform(0, 2, (STEPS, 1, 20_000))).float()
    inputs = currents[:1].expand(STEPS, -1, -1) if constant else currents

    assert same(network, path, inputs) > 20_000


@pytest.mark.parametrize("make", [lif, integrator])
def test_their_rule_gives_the_same_train(tmp_path: Path, make: Any) -> None:
    network = nir_module(written(tmp_path, ends((2000,), (2000,), cells=make((2000,)))))
    neuron = network.get_submodule(network.spiking["cells"])
    inputs = torch.rand(STEPS, 1, 2000) * 2

    rule = read_rule(neuron)

    assert is_neuron(neuron)
    assert isinstance(rule, Rule)
    spikes = recorded(network, inputs)["cells"]
    assert torch.equal(rule.run(inputs, STEPS), spikes)
    assert isinstance(neuron, NIRNeuron)
    assert torch.equal(neuron.run(inputs, STEPS), spikes)


def everything() -> dict[str, Any]:
    """A network of every node that is read but Conv1d."""
    convolution: dict[str, Any] = {"stride": 1, "dilation": 1, "groups": 1, "input_shape": (12, 10)}
    grouped = {**convolution, "groups": 2, "stride": (2, 1), "input_shape": (6, 5)}
    return ends(
        (1, 12, 10),
        (4,),
        conv=nir.Conv2d(weight=eighths(4, 1, 3, 3), bias=eighths(4), padding=1, **convolution),
        a_lif=lif((4, 12, 10)),
        avg=nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        conv_2=nir.Conv2d(
            weight=eighths(6, 2, 3, 3, seed=1), bias=eighths(6), padding=(0, 1), **grouped
        ),
        b_if=integrator((6, 2, 5)),
        total=nir.SumPool2d(np.array([2, 1]), np.array([1, 1]), np.array([1, 0])),
        flat=nir.Flatten({"input": np.array([6, 3, 5])}, 0, -1),
        affine=nir.Affine(eighths(8, 90, seed=2), eighths(8)),
        scale=nir.Scale(np.full(8, 0.5)),
        c_cuba=cuba((8,)),
        linear=nir.Linear(eighths(4, 8, seed=3)),
        d_lif=lif((4,), v_leak=np.zeros(4)),
    )


@pytest.mark.parametrize("constant", [False, True])
def test_every_node(tmp_path: Path, *, constant: bool) -> None:
    path = written(tmp_path, everything())
    network = nir_module(path)

    assert list(network.spiking) == ["a_lif", "b_if", "c_cuba", "d_lif"]
    assert same(network, path, images(1, 12, 10, constant=constant)) > 500
    assert network.training is False


def test_a_sequence_of_convolutions_in_one_dimension(tmp_path: Path) -> None:
    conv = nir.Conv1d(9, eighths(3, 2, 3), 1, 1, 1, 1, eighths(3))
    path = written(tmp_path, ends((2, 9), (3, 9), conv=conv, cells=lif((3, 9))))

    assert same(nir_module(path), path, images(2, 9)) > 100


def test_branches_are_added_up_and_outputs_come_shallow_to_deep(tmp_path: Path) -> None:
    nodes = ends(
        (6,), (6,), left=nir.Linear(eighths(6, 6)), right=nir.Scale(np.full(6, 0.25)), cells=lif(6)
    )
    nodes["second"] = nir.Output({"output": np.array([6])})
    edges = [("input", "left"), ("input", "right"), ("left", "cells"), ("right", "cells")]
    path = written(tmp_path, nodes, [*edges, ("cells", "output"), ("left", "second")])
    network = nir_module(path)

    assert same(network, path, images(6)) > 20
    currents, spikes = network(images(6)[0])
    assert spikes.shape == currents.shape
    assert set(spikes.unique().tolist()) <= {0.0, 1.0}


def test_subgraphs_are_opened(tmp_path: Path) -> None:
    inner = nir.NIRGraph(
        ends((6,), (6,), affine=nir.Affine(eighths(6, 6), eighths(6)), cells=lif(6)),
        [("input", "affine"), ("affine", "cells"), ("cells", "output")],
        type_check=False,
    )
    outer = written(tmp_path, ends((6,), (6,), first=inner, last=lif(6, 1)))
    network = nir_module(outer)
    flat = written(
        tmp_path,
        ends(
            (6,), (6,), affine=nir.Affine(eighths(6, 6), eighths(6)), cells=lif(6), last=lif(6, 1)
        ),
    )

    assert list(network.spiking) == ["first.cells", "last"]
    spikes, expected = recorded(network, images(6)), recorded(nir_module(flat), images(6))
    assert torch.equal(spikes["first.cells"], expected["cells"])
    assert torch.equal(spikes["last"], expected["last"])


def test_a_response_depends_on_its_stimulus_alone(tmp_path: Path) -> None:
    network = nir_module(written(tmp_path, everything()))
    inputs = images(1, 12, 10)

    record = recorded(network, inputs)["d_lif"]

    assert torch.equal(recorded(network, inputs.flip(1))["d_lif"].flip(1), record)
    assert torch.equal(recorded(network, inputs)["d_lif"], record)


def test_images_may_enter_flattened(tmp_path: Path) -> None:
    path = written(
        tmp_path, ends((64,), (5,), affine=nir.Affine(eighths(5, 64), eighths(5)), cells=lif(5))
    )
    pictures = images(1, 8, 8)

    record = recorded(nir_module(path, input_shape=(1, 8, 8)), pictures)

    expected = recorded(nir_module(path), pictures.flatten(2))
    assert torch.equal(record["cells"], expected["cells"])
    plane = written(
        tmp_path,
        ends((8, 8), (64,), flat=nir.Flatten({"input": np.array([8, 8])}, 0), cells=lif(64)),
    )
    assert nir_module(plane, input_shape=(1, 8, 8))(pictures[0]).shape == (3, 64)
    with pytest.raises(
        ValueError, match=r"input has shape \(64,\), and the images are \(3, 8, 8\)"
    ):
        nir_module(path, input_shape=(3, 8, 8))


def test_dt_is_a_choice(tmp_path: Path) -> None:
    path = written(tmp_path, ends((200,), (200,), cells=lif(200)))
    inputs = images(200)

    assert (
        recorded(nir_module(path, 2e-4), inputs)["cells"].sum()
        != recorded(nir_module(path), inputs)["cells"].sum()
    )
    with pytest.raises(ValueError, match="dt is 0: it must be positive"):
        nir_module(path, 0)


def test_snntorch_s_files(tmp_path: Path) -> None:
    import snntorch
    from snntorch.export_nir import export_to_nir

    fields: dict[str, Any] = {"init_hidden": True}
    net: Any = nn.Sequential(
        nn.Flatten(),
        nn.Linear(64, 30),
        snntorch.Leaky(torch.full((30,), 0.9), threshold=torch.full((30,), 0.4), **fields),
        nn.Linear(30, 4),
        snntorch.Synaptic(
            torch.full((4,), 0.8),
            torch.full((4,), 0.7),
            threshold=torch.full((4,), 0.2),
            output=True,
            **fields,
        ),
    )
    for module in (net[1], net[3]):
        module.weight.data = torch.from_numpy(eighths(*module.weight.shape)).float()
        module.bias.data.zero_()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "nirtorch.extract_nir_graph", DeprecationWarning)
        graph = export_to_nir(net, torch.rand(1, 1, 8, 8), ignore_dims=[0])
    nir.write(tmp_path / "net.nir", graph)

    network = nir_module(tmp_path / "net.nir", input_shape=(1, 8, 8))

    assert list(network.spiking) == ["2", "4"]
    assert same(network, tmp_path / "net.nir", images(1, 8, 8)) > 100


def test_spikingjelly_s_files(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spikingjelly.activation_based import functional, layer, neuron, nir_exchange

    net: Any = nn.Sequential(
        layer.Conv2d(1, 3, 3),
        neuron.IFNode(v_threshold=2.0, v_reset=0.0),
        layer.AvgPool2d(2),
        layer.Flatten(),
        layer.Linear(27, 5),
        neuron.LIFNode(tau=2.0, decay_input=False, v_threshold=0.5),
    )
    for place in (0, 4):
        net[place].weight.data = torch.from_numpy(eighths(*net[place].weight.shape)).float()
        net[place].bias.data.fill_(0.125)
    path = tmp_path / "net.nir"
    nir_exchange.export_to_nir(net, torch.rand(1, 1, 8, 8), path)
    inputs = images(1, 8, 8)

    network = nir_module(path, input_shape=(1, 8, 8))

    assert same(network, path, inputs) > 100
    functional.reset_net(net)
    with torch.no_grad():
        own = torch.stack([net(step) for step in inputs])
    # SpikingJelly fires at the threshold already, NIR above it
    assert (own != recorded(network, inputs)["output"]).float().mean() < 0.05


@pytest.mark.parametrize(
    ("nodes", "edges", "sentence"),
    [
        (
            ends((3,), (3,), late=nir.Delay(np.ones(3)), cells=lif(3)),
            None,
            "node 'late' is a Delay.* Affine",
        ),
        (
            ends((3,), (3,), leak=nir.LI(*[np.ones(3)] * 3), cells=lif(3)),
            None,
            "node 'leak' is a LI,",
        ),
        (
            ends((3,), (3,), cells=lif(3), back=nir.Linear(np.eye(3))),
            [("input", "cells"), ("cells", "back"), ("back", "cells"), ("cells", "output")],
            r"recurrent \(.*cells.*back.*\)",
        ),
        (
            ends((3,), (3,), cells=lif(3)),
            [("input", "cells"), ("cells", "nowhere"), ("cells", "output")],
            "names node 'nowhere'",
        ),
        (ends((3,), (3,), linear=nir.Linear(np.eye(3))), None, "no node of the file spikes"),
        (
            ends((3,), (3,), cells=lif(3), other=lif(3)),
            [("input", "cells"), ("other", "output"), ("cells", "output")],
            "node 'other' gets no input",
        ),
        (
            ends((3,), (2,), affine=nir.Affine(np.ones((2, 4)), np.ones(2)), cells=lif(2)),
            None,
            "node 'affine' does",
        ),
        (
            ends((3,), (3,), cells=lif(4)),
            None,
            r"node 'cells' does not fit its inputs of shape \(3,\)",
        ),
        (ends((1,), (4,), cells=lif(4)), None, "parameters for .* neurons"),
        (
            ends((3,), (3,), cells=lif(3, tau=np.full(3, np.inf))),
            None,
            "tau of node 'cells' is not finite",
        ),
        (
            ends((3,), (3,), cells=lif(3, tau=np.zeros(3))),
            None,
            "tau of node 'cells' must be positive",
        ),
    ],
)
def test_what_is_not_read(tmp_path: Path, nodes: Any, edges: Any, sentence: str) -> None:
    path = written(tmp_path, nodes, edges)
    with pytest.raises(ValueError, match=sentence) as error:
        nir_module(path)
    assert "\n" not in str(error.value)


def test_ends_of_graphs(tmp_path: Path) -> None:
    nodes = ends((3,), (3,), cells=lif(3))
    nodes["more"] = nir.Input({"input": np.array([3])})
    edges = [("input", "cells"), ("more", "cells"), ("cells", "output")]
    with pytest.raises(ValueError, match="has 2 Input and 1 Output nodes"):
        nir_module(written(tmp_path, nodes, edges))
    inner = nir.NIRGraph(nodes, edges, type_check=False)
    with pytest.raises(ValueError, match="subgraph 'part' has 2 Input nodes"):
        nir_module(written(tmp_path, ends((3,), (3,), part=inner, cells=lif(3))))


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=re.escape(f"there is no {tmp_path / 'a.nir'}")):
        nir_module(tmp_path / "a.nir")
    (tmp_path / "b.nir").write_text("no graph")
    with pytest.raises(ValueError, match=r"is not read as NIR \(it is no HDF5 file\): give a file"):
        nir_module(tmp_path / "b.nir")
    whole = written(tmp_path, ends((3,), (3,), cells=lif(3))).read_bytes()
    (tmp_path / "c.nir").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"is not read as NIR \(its end is missing\)"):
        nir_module(tmp_path / "c.nir")
    with h5py.File(tmp_path / "d.nir", "w") as file:
        file["weights"] = 1
    with pytest.raises(ValueError, match=r"NIR \(it is an HDF5 file without a graph\)"):
        nir_module(tmp_path / "d.nir")
    (tmp_path / "e.nir").mkdir()
    with pytest.raises(FileNotFoundError, match=r"e\.nir is a folder, no file"):
        nir_module(tmp_path / "e.nir")
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "nir":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.delitem(sys.modules, "nir")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=re.escape("pip install 'spikeatlas[nir]'")):
        nir_module(tmp_path / "b.nir")
