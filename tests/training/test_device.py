import pytest
import torch
from histories import watched
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from movie_genie.config import Bert4RecConfig, TwoTowerConfig
from movie_genie.config_file import load_config
from movie_genie.errors import UserError
from movie_genie.ranking.bert4rec import Bert4Rec
from movie_genie.retrieval.two_tower import TwoTower
from movie_genie.training.batches import pad
from movie_genie.training.device import choose_device
from movie_genie.training.item_tower import Features
from movie_genie.training.losses import make_loss

ITEMS = 30


class OnlyOnADevice(TorchFunctionMode):
    """Refuses to make a tensor from no other one without being told where."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        made = function(*args, **kwargs)
        given = any(isinstance(leaf, torch.Tensor) for leaf in tree_leaves((args, kwargs)))
        if isinstance(made, torch.Tensor) and not given:
            assert kwargs.get("device") is not None, (
                f"{function.__name__} makes a tensor wherever PyTorch likes"
            )
        return made


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.randperm(3),
        lambda: torch.tensor([1, 2]),
        lambda: torch.linspace(0, 1, 3),
        lambda: torch.ones(2),
    ],
)
def test_a_tensor_made_wherever_pytorch_likes_is_noticed(make):
    with OnlyOnADevice(), pytest.raises(AssertionError, match="wherever PyTorch likes"):
        make()


@pytest.mark.parametrize("objective", ["cloze", "causal", None])
@pytest.mark.parametrize("loss", ["softmax", "sampled_softmax", "gbce"])
def test_no_tensor_is_made_without_the_device(objective, loss):
    features = Features(
        torch.randn(ITEMS, 384),
        torch.ones(ITEMS, 3),
        torch.zeros(ITEMS, dtype=torch.int64),
        torch.ones(ITEMS, 1),
    )
    if objective:
        config = load_config_of("bert4rec", Bert4RecConfig, loss).model_copy(update={"objective": objective})
        model = Bert4Rec(features, torch.full((ITEMS,), 3.5), config)
    else:
        config = load_config_of("two_tower", TwoTowerConfig, loss)
        model = TwoTower(features, config)
    batch = pad([watched(*range(first, first + 9), stars=first + 0.5) for first in range(4)], ITEMS)
    popularity = torch.arange(ITEMS).numpy()
    own = make_loss(config, popularity, torch.device("cpu"))
    with OnlyOnADevice():
        assert torch.isfinite(model.train().loss(batch, own))
        assert model.eval().scores(batch).shape == (4, ITEMS)


def load_config_of(name, model, loss):
    from pathlib import Path

    path = Path(__file__).parents[2] / f"configs/{name}.yaml"
    return load_config(path, model).model_copy(update={"loss": loss, "negatives": 10})


def test_auto_is_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    with pytest.raises(UserError, match="device: cuda is asked for, but PyTorch finds no GPU"):
        choose_device("cuda")


def test_auto_is_the_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [choose_device(name).type for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
