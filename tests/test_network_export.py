from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.export import Dim

from movie_genie.network_export import graph_of, with_weights_outside
from movie_genie.networks import open_network

DIM = 32


def test_a_graph_with_its_weights_outside_computes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(DIM, 2 * DIM), nn.ReLU(), nn.Linear(2 * DIM, DIM))
    rows = torch.randn(5, DIM)
    whole = graph_of(module, {"input": rows}, {"input": {0: Dim("rows")}}, "output")
    graph, weights = with_weights_outside(whole, "the.weights")
    # Both matrices, and neither bias.
    assert len(weights) == 4 * DIM * DIM * 4
    assert len(whole) - len(weights) < len(graph) < len(whole) - len(weights) + 500
    (tmp_path / "network.onnx").write_bytes(graph)
    (tmp_path / "the.weights").write_bytes(weights)
    network = open_network(tmp_path / "network.onnx", ("input",), weights=tmp_path / "the.weights")
    (found,) = network.run(None, {"input": rows.numpy()})
    assert np.abs(found - module(rows).detach().numpy()).max() < 1e-6
