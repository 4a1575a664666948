"""The mirror's graph is DVC's graph: every shape here is held against DVC itself."""

import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from dvc.repo import Repo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_genie.orchestration.dvc_graph import GraphError, PipelineGraph, load_graph

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Repo.init(str(tmp_path), no_scm=True).close()
    monkeypatch.chdir(tmp_path)  # DVC names stages as seen from here
    return tmp_path


def write(folder: Path, dvc_yaml: str, **others: str) -> Path:
    for name, text in others.items():
        (folder / name.replace("__", ".")).write_text(textwrap.dedent(text))
    path = folder / "dvc.yaml"
    path.write_text(textwrap.dedent(dvc_yaml))
    return path


def edges_of_dvc(folder: Path) -> set[tuple[str, str]]:
    """(needed, needing) as DVC sees it; data files tracked by .dvc files are no stages of the mirror."""
    with Repo(str(folder)) as repo:
        named = [(before.addressing, after.addressing) for after, before in repo.index.graph.edges]
    return {edge for edge in named if not any(name.endswith(".dvc") for name in edge)}


def agrees_with_dvc(path: Path) -> PipelineGraph:
    graph = load_graph(path)
    assert set(graph.edges) == edges_of_dvc(path.parent)
    with Repo(str(path.parent)) as repo:
        stages = {s.addressing: s for s in repo.index.stages if not s.addressing.endswith(".dvc")}
        assert set(graph.stages) == set(stages)
        for name, stage in stages.items():
            cmd = stage.cmd if isinstance(stage.cmd, list) else [stage.cmd]
            assert graph.stages[name].cmd == tuple(cmd)
    return graph


def test_the_projects_graph_equals_dvc_dag():
    dot = subprocess.run(
        [Path(sys.executable).with_name("dvc"), "dag", "--dot"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    drawn = set(re.findall(r'"(.+)" -> "(.+)";', dot))
    assert len(drawn) > 10
    assert set(load_graph(ROOT / "dvc.yaml").edges) == drawn


def test_the_shape_of_example_get_started(folder):
    (folder / "data").mkdir()
    (folder / "data" / "data.xml.dvc").write_text("outs:\n- path: data.xml\n")
    path = write(
        folder,
        """
        stages:
          prepare:
            cmd: python src/prepare.py data/data.xml
            deps: [data/data.xml, src/prepare.py]
            params: [prepare.seed, prepare.split]
            outs: [data/prepared]
          featurize:
            cmd: python src/featurization.py data/prepared data/features
            deps: [data/prepared, src/featurization.py]
            params: [featurize.max_features]
            outs: [data/features]
          train:
            cmd: python src/train.py data/features model.pkl
            deps: [data/features, src/train.py]
            params: [train]
            outs: [model.pkl]
          evaluate:
            cmd: python src/evaluate.py model.pkl data/features
            deps: [data/features, model.pkl, src/evaluate.py]
            metrics: [eval/metrics.json: {cache: false}]
            plots: [eval/plots]
        plots:
          - ROC: {x: fpr, y: {eval/plots/roc.json: tpr}}
        """,
        params__yaml="prepare: {split: 0.2, seed: 1}\nfeaturize: {max_features: 200}\ntrain: {n_est: 50}\n",
    )
    graph = agrees_with_dvc(path)
    assert graph.order == ("prepare", "featurize", "train", "evaluate")
    assert graph.upstream("evaluate") == ("featurize", "train")
    assert graph.downstream("featurize") == ("train", "evaluate")
    assert graph.stages["prepare"].params == ("params.yaml",)
    assert graph.stages["evaluate"].metrics == ("eval/metrics.json",)


def test_wdir_and_parameter_files_are_followed(folder):
    (folder / "sub" / "deep").mkdir(parents=True)
    path = write(
        folder,
        """
        stages:
          inner: {wdir: sub, cmd: make a, outs: [a.txt, ../top.txt]}
          outer: {cmd: use, deps: [sub/a.txt]}
          other: {wdir: sub/deep, cmd: use, deps: [../../top.txt], params: [../../params.yaml: [where]]}
        """,
        params__yaml="where: here\n",
    )
    graph = agrees_with_dvc(path)
    assert set(graph.edges) == {("inner", "outer"), ("inner", "other")}
    assert graph.stages["inner"].outs == ("sub/a.txt", "top.txt")
    assert graph.stages["other"].params == ("params.yaml",)


def test_a_dollar_that_dvc_takes_for_text_is_text(folder):
    path = write(folder, "stages: {home: {cmd: 'echo $HOME \\${HOME} $(date)', outs: [a]}}")
    assert load_graph(path).stages["home"].cmd == (r"echo $HOME \${HOME} $(date)",)
    with Repo(str(folder)) as repo:
        assert [stage.cmd for stage in repo.index.stages] == ["echo $HOME ${HOME} $(date)"]


def test_a_diamond_of_200_stages_is_read_within_a_second(folder):
    arms = "\n".join(
        f"  arm{i}: {{cmd: run {i}, deps: [start/part{i}], outs: [arms/{i}]}}" for i in range(198)
    )
    path = write(folder, "")
    path.write_text(
        "stages:\n  first: {cmd: go, outs: [start]}\n"
        + arms
        + "\n  last: {cmd: end, deps: [arms], outs: [done]}\n"
    )
    began = time.perf_counter()
    graph = load_graph(path)
    assert time.perf_counter() - began <= 1
    assert len(graph.stages) == 200
    assert len(graph.edges) == 396
    assert (graph.order[0], graph.order[-1]) == ("first", "last")
    assert set(graph.edges) == edges_of_dvc(folder)


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outs=st.lists(PATHS, min_size=1, max_size=6, unique=True), deps=st.lists(PATHS, min_size=6, max_size=6)
)
def test_edges_are_dvcs_for_any_nesting_of_paths(folder, outs, deps):
    """Outputs that do not overlap; each stage depends on anything, also on folders above and files below."""
    outs = [o for o in outs if not any(o != p and (o + "/").startswith(p + "/") for p in outs)]
    lines = [f"  s{i}: {{cmd: run, outs: [{out}]}}" for i, out in enumerate(outs)]
    lines += [f"  d{i}: {{cmd: run, deps: [{dep}], outs: [made{i}]}}" for i, dep in enumerate(deps)]
    path = folder / "dvc.yaml"
    path.write_text("stages:\n" + "\n".join(lines))
    agrees_with_dvc(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: {a: {cmd: [}}", "cannot be parsed"),
        ("- a", "expected keys and values, found list"),
        ("stages: [a]", "stages: expected stages by name, found list"),
        ("stages: {a: run}", "stages.a: expected a name and keys with values"),
        ("stages: {a: {deps: [x]}}", "stages.a.cmd: expected a command, got None"),
        ("stages: {a: {cmd: run, outs: x}}", "stages.a.outs: expected a list of paths, got 'x'"),
        ("stages: {a: {cmd: run, deps: [1]}}", "stages.a.deps: expected a path, got 1"),
        ("stages: {a: {cmd: run, meta: 3}}", "stages.a.meta: expected keys and values, got 3"),
        ("stages: {a: {cmd: 'run ${b.c}'}}", "stages.a.cmd: ${b.c} is one of DVC's templates"),
        ("stages: {a: {cmd: r, outs: [{'${b}': {cache: false}}]}}", "stages.a.outs: ${b} is one of"),
        ("vars: [{a: 1}]\nstages: {}", "vars: is one of DVC's templates, which are not read here"),
        ("stages: {a: {cmd: run, vars: [x.yaml]}}", "stages.a.vars: is one of DVC's templates"),
        ("stages: {a: {foreach: [1], do: {cmd: run}}}", "stages.a.foreach: is one of DVC's templates"),
        ("stages: {a: {matrix: {x: [1]}, cmd: run}}", "stages.a.matrix: is one of DVC's templates"),
        ("stages: {a: {cmd: yes}}", "stages.a.cmd: expected a command, got True"),
        ("stages: {a: {cmd: r, outs: [x]}, b: {cmd: r, outs: [x]}}", "x is an output of both a and b"),
        ("stages: {a: {cmd: r, outs: [x]}, b: {cmd: r, outs: [x/y]}}", "an output of b lies in x"),
        (
            "stages: {a: {cmd: r, deps: [y], outs: [x]}, b: {cmd: r, deps: [x], outs: [y]}}",
            "in a circle: a -> b -> a",
        ),
        ("stages: {a: {cmd: r, deps: [x], outs: [x]}}", "in a circle: a -> a"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(GraphError) as error:
        load_graph(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(GraphError, match=r"dvc\.yaml: not found"):
        load_graph(tmp_path / "dvc.yaml")


def test_reading_a_pipeline_imports_neither_dvc_nor_airflow():
    code = (
        "import sys, pathlib; from movie_genie.orchestration.dvc_graph import load_graph;"
        "load_graph(pathlib.Path('dvc.yaml'));"
        "heavy = {m.split('.')[0] for m in sys.modules} & {'dvc', 'airflow', 'torch', 'pandas', 'pydantic'};"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
