import onnx
import torch
from torch import Tensor, nn

from movie_genie.training.export import export
from movie_genie.training.model import SequenceModel


class Tower(nn.Module):
    def forward(self) -> Tensor:
        return torch.arange(12.0).view(6, 2)


class Sum(SequenceModel):
    """Small enough that its export takes a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.item_tower, self.bias = Tower(), nn.Parameter(torch.ones(6))
        self.mix = nn.Linear(2, 2)

    def loss(self, batch, loss): ...

    def query(self, films, present):
        return self.mix(films.sum(1))


def test_the_same_weights_give_the_same_bytes_wherever_and_whenever(tmp_path):
    torch.manual_seed(0)
    model = Sum()
    export(model, tmp_path / "one", 9, {"protocol": "p"})
    export(model, tmp_path / "elsewhere/two", 9, {"protocol": "p"})
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["config.json", "model.safetensors", "network.onnx"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "elsewhere/two" / name).read_bytes()


def test_a_graph_tells_nothing_of_the_machine_that_made_it(tmp_path):
    export(Sum(), tmp_path / "m", 9, {})
    text = (tmp_path / "m/network.onnx").read_bytes()
    assert b".py" not in text and b"/site-packages" not in text
    graph = onnx.load(tmp_path / "m/network.onnx")
    assert not graph.metadata_props and all(not node.metadata_props for node in graph.graph.node)


def test_training_can_go_on_after_an_export(tmp_path):
    model = Sum()
    export(model, tmp_path / "m", 9, {})
    assert all(parameter.requires_grad for parameter in model.parameters())
