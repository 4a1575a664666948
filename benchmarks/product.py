"""How fast a plain matrix product is here, which other speeds are a share of; a peer's environment has PyTorch too."""

import time

import torch

SIZE, PRODUCTS = 2048, 5


def product_speed(device: torch.device) -> float:
    """Floating point operations a second of a large float32 matrix product, the best of several."""
    one = torch.randn(SIZE, SIZE, device=device)
    seconds = []
    for _ in range(PRODUCTS):
        begun = time.perf_counter()
        float((one @ one)[0, 0])  # a GPU answers when it is done
        seconds.append(time.perf_counter() - begun)
    return 2 * SIZE**3 / min(seconds)
