"""Where a training computes: tensors are made on the device that the configuration names."""

import torch

from movie_genie.config import Device
from movie_genie.errors import UserError


def choose_device(name: Device) -> torch.device:
    """The CPU, or a GPU; `auto` takes a GPU where there is one.

    Raises
    ------
    UserError
        When `cuda` is asked for and PyTorch finds none.
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise UserError("device: cuda is asked for, but PyTorch finds no GPU; set device to auto or cpu")
    return torch.device("cuda" if found and name != "cpu" else "cpu")
