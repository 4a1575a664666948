import shutil
from pathlib import Path

import pytest

from movie_genie.config import FrontendConfig
from movie_genie.deployment.web_build import INSTALLED, build
from movie_genie.errors import UserError
from movie_genie.files import digest

CONFIG = FrontendConfig(node_min_major=20)

NPM = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$1" in
  ci) rm -rf node_modules && mkdir node_modules ;;
  run) if [ -n "$FAIL" ]; then mkdir "$5"; exit 3; fi
       mkdir "$5" && echo "built $(cat src/app.txt)" > "$5/index.html" ;;
esac
"""


@pytest.fixture
def frontend(tmp_path):
    folder = tmp_path / "frontend"
    (folder / "src").mkdir(parents=True)
    (folder / "src/app.txt").write_text("one")
    (folder / "package-lock.json").write_text("{}")
    return folder


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Stand-ins for node and npm that write down how they are called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "mkdir", "rm"):
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    def install(version="v20.19.0", npm=NPM):
        for name, script in (("node", f"#!/bin/sh\necho {version}\n"), ("npm", npm)):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)

    install()
    return install


def calls(tmp_path):
    lines = (tmp_path / "calls").read_text().splitlines()
    return [line.split(" -- ")[0] for line in lines]


def test_packages_are_installed_once_for_one_lock_file(frontend, programs, tmp_path):
    build(CONFIG, frontend)
    assert (frontend / "dist/index.html").read_text() == "built one\n"
    (frontend / "src/app.txt").write_text("two")
    build(CONFIG, frontend)
    assert (frontend / "dist/index.html").read_text() == "built two\n"
    (frontend / "package-lock.json").write_text('{"lockfileVersion": 3}')
    build(CONFIG, frontend)
    install, run = "ci --no-audit --no-fund", "run build"
    assert calls(tmp_path) == [install, run, run, install, run]


def test_an_install_that_was_cut_off_is_done_again(frontend, programs, tmp_path):
    build(CONFIG, frontend)
    shutil.rmtree(frontend / "node_modules")
    (frontend / "node_modules").mkdir()
    build(CONFIG, frontend)
    assert calls(tmp_path).count("ci --no-audit --no-fund") == 2


def test_a_failed_build_leaves_the_former_one(frontend, programs, monkeypatch):
    build(CONFIG, frontend)
    monkeypatch.setenv("FAIL", "1")
    with pytest.raises(UserError, match=r"`npm run build` failed \(status 3\)"):
        build(CONFIG, frontend)
    assert (frontend / "dist/index.html").read_text() == "built one\n"
    assert {path.name for path in frontend.iterdir()} == {"src", "package-lock.json", "node_modules", "dist"}


def test_a_failed_install_is_not_taken_for_done(frontend, programs, tmp_path):
    programs(npm='#!/bin/sh\necho "$@" >> "$CALLS"\nmkdir -p node_modules\nexit 7\n')
    for _ in range(2):
        with pytest.raises(UserError, match=r"`npm ci --no-audit` failed \(status 7\)"):
            build(CONFIG, frontend)
    assert calls(tmp_path) == ["ci --no-audit --no-fund"] * 2


def test_a_missing_node_is_one_clear_line(frontend, programs, tmp_path):
    (tmp_path / "bin/node").unlink()
    with pytest.raises(
        UserError, match=r"^frontend: Node\.js with npm was not found; install Node\.js 20 or newer[^\n]*$"
    ):
        build(CONFIG, frontend)


@pytest.mark.parametrize("version", ["v18.20.1", "nonsense"])
def test_an_old_node_is_named_with_what_is_needed(frontend, programs, version):
    programs(version=version)
    with pytest.raises(UserError, match=rf"found Node\.js {version}; install Node\.js 20 or newer"):
        build(CONFIG, frontend)


def test_a_missing_lock_file_is_named(frontend, programs):
    (frontend / "package-lock.json").unlink()
    with pytest.raises(UserError, match=r"package-lock\.json: not found"):
        build(CONFIG, frontend)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js is not installed")
def test_the_real_app_builds_to_the_same_bytes_twice(tmp_path):
    source = Path(__file__).parents[2] / "frontend"
    stamp = source / INSTALLED
    if not stamp.is_file() or stamp.read_text().strip() != digest(source / "package-lock.json"):
        pytest.skip(
            "frontend/node_modules is not what package-lock.json names; run `dvc repro frontend_build`"
        )
    frontend = tmp_path / "frontend"
    shutil.copytree(source, frontend, ignore=shutil.ignore_patterns("node_modules", "dist", ".*.tmp"))
    (frontend / "node_modules").symlink_to(source / "node_modules")
    builds = []
    for _ in range(2):
        build(CONFIG, frontend)
        files = sorted(path for path in (frontend / "dist").rglob("*") if path.is_file())
        builds.append({path.relative_to(frontend).as_posix(): path.read_bytes() for path in files})
    assert builds[0] == builds[1]
    assert "dist/index.html" in builds[0]
