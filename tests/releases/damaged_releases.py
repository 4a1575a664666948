"""Releases as a broken copy, a broken disk or a faulty publisher leaves them: each function damages one in place."""

import json
import os
import shutil

import numpy as np
import onnx
import tiny

from movie_genie import weights
from movie_genie.releases.content import MANIFEST

FILMS = len(tiny.FILMS)


def half_copied(release):
    (release / "models/bert4rec/model.safetensors").unlink()


def truncated(release):
    with (release / "text_embeddings.npy").open("r+b") as file:
        file.truncate(500)


def one_bit_flipped(release):
    path = release / "models/two_tower/model.safetensors"
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def with_a_stray_file(release):
    (release / "web/evil.js").write_text("1")


def without_manifest(release):
    (release / MANIFEST).unlink()


def with_a_broken_manifest(release):
    (release / MANIFEST).write_text('{"files": ')


def with_a_manifest_that_is_a_folder(release):
    (release / MANIFEST).unlink()
    (release / MANIFEST).mkdir()


def with_a_link_to_nowhere(release):
    (release / "web/gone.js").symlink_to("/nowhere")


def with_a_link_to_itself(release):
    (release / "web/index.html").unlink()
    (release / "web/index.html").symlink_to("index.html")


def with_a_pipe(release):
    """Reading it would wait for ever."""
    os.mkfifo(release / "web/pipe")


def _rewrite(release, model, changes, **config):
    """Change some of a model's tensors and settings; its networks stay what they are."""
    folder = release / "models" / model
    before, tensors = weights.load(folder)
    networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
    weights.save(folder, tensors | changes(tensors), before | config, networks)


def with_nan_weights(release):
    def changes(tensors):
        vectors = tensors["film_vectors"].copy()
        vectors[3, 0] = np.nan
        return {"film_vectors": vectors}

    _rewrite(release, "two_tower", changes)


def with_infinite_text(release):
    text = np.load(release / "text_embeddings.npy")
    text[0, 0] = np.inf
    np.save(release / "text_embeddings.npy", text)


def with_overflowing_scores(release):
    """Each number is finite; the products of vectors and states are not."""
    _rewrite(
        release, "two_tower", lambda tensors: {"film_vectors": tensors["film_vectors"] * np.float32(1e20)}
    )


def _without_the_last_film(tensors):
    """All tensors have a row for each film."""
    shorter = {name: values[:-1] for name, values in tensors.items()}
    if "films" in shorter:
        shorter["films"] = np.minimum(shorter["films"], FILMS - 2)
    return shorter


def with_models_of_fewer_films(release):
    for model in ("two_tower", "sequential_ridge", "bert4rec", "content_profile"):
        _rewrite(release, model, _without_the_last_film)


def with_one_model_of_fewer_films(release):
    _rewrite(release, "bert4rec", _without_the_last_film)


def with_followers_that_no_film_is(release):
    def changes(tensors):
        beyond = tensors["films"].copy()
        beyond[3, 0] = FILMS
        return {"films": beyond}

    _rewrite(release, "sequential_ridge", changes)


def with_followers_of_another_shape(release):
    _rewrite(release, "sequential_ridge", lambda tensors: {"strength": tensors["strength"][:, :-1]})


def with_vectors_of_another_type(release):
    def changes(tensors):
        return {"film_vectors": tensors["film_vectors"].astype(np.int32)}

    _rewrite(release, "bert4rec", changes)


def with_vectors_that_the_network_cannot_read(release):
    def changes(tensors):
        return {"film_vectors": np.ascontiguousarray(tensors["film_vectors"][:, :-1])}

    _rewrite(release, "bert4rec", changes)


def without_a_tensor(release):
    folder = release / "models/bert4rec"
    config, tensors = weights.load(folder)
    networks = {path.name: path.read_bytes() for path in folder.glob("*.onnx")}
    weights.save(folder, {"film_vectors": tensors["film_vectors"]}, config, networks)


def of_an_unknown_kind(release):
    _rewrite(release, "bert4rec", lambda tensors: {}, kind="oracle")


def without_a_network(release):
    (release / "models/bert4rec/network.onnx").unlink()


def with_a_torn_network(release):
    path = release / "models/bert4rec/network.onnx"
    path.write_bytes(path.read_bytes()[:-40])


def with_a_torn_network_of_contributions(release):
    path = release / "models/two_tower/contributions.onnx"
    path.write_bytes(path.read_bytes()[:-40])


def with_the_network_of_another_task(release):
    folder = release / "models/two_tower"
    shutil.copy(folder / "contributions.onnx", folder / "network.onnx")


def with_a_network_of_other_vectors(release):
    networks = tiny.tiny_networks(np.eye(tiny.DIM + 1, dtype=np.float32), reads_ratings=True)
    (release / "models/bert4rec/network.onnx").write_bytes(networks["network.onnx"])


def with_a_network_of_one_history_at_a_time(release):
    path = release / "models/bert4rec/network.onnx"
    network = onnx.load(path)
    for given in network.graph.input:
        given.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(network, path)


def with_a_network_that_gives_no_numbers(release):
    networks = tiny.tiny_networks(np.full((tiny.DIM, tiny.DIM), np.nan, np.float32), reads_ratings=True)
    (release / "models/bert4rec/network.onnx").write_bytes(networks["network.onnx"])


def with_a_network_whose_stars_are_no_numbers(release):
    path = release / "models/bert4rec/network.onnx"
    network = onnx.load(path)
    (share,) = (constant for constant in network.graph.initializer if constant.name == "share")
    share.raw_data = np.float32(np.nan).tobytes()
    onnx.save(network, path)


def with_a_network_that_is_not_told_of_ratings(release):
    networks = tiny.tiny_networks(np.eye(tiny.DIM, dtype=np.float32))
    (release / "models/bert4rec/network.onnx").write_bytes(networks["network.onnx"])


def with_contributions_of_other_vectors(release):
    networks = tiny.tiny_networks(np.eye(tiny.DIM + 1, dtype=np.float32))
    (release / "models/two_tower/contributions.onnx").write_bytes(networks["contributions.onnx"])


def with_contributions_that_are_no_numbers(release):
    networks = tiny.tiny_networks(np.full((tiny.DIM, tiny.DIM), np.nan, np.float32))
    (release / "models/two_tower/contributions.onnx").write_bytes(networks["contributions.onnx"])


def with_text_of_fewer_films(release):
    np.save(release / "text_embeddings.npy", np.load(release / "text_embeddings.npy")[:-1])


def with_text_of_another_width(release):
    np.save(release / "text_embeddings.npy", np.load(release / "text_embeddings.npy")[:, :100])


def with_another_table(release):
    (release / "catalogue.arrow").write_bytes((release / "personas.arrow").read_bytes())


def _change_recipe(release, change):
    path = release / "two_stage.json"
    recipe = json.loads(path.read_text())
    change(recipe)
    path.write_text(json.dumps(recipe))


def with_a_weight_that_is_no_number(release):
    _change_recipe(release, lambda recipe: recipe["rankers"][0].update(weight="much"))


def with_a_ranker_that_is_not_there(release):
    _change_recipe(release, lambda recipe: recipe["rankers"][0].update(name="oracle"))


def without_rankers(release):
    _change_recipe(release, lambda recipe: recipe.pop("rankers"))
