"""Which faults no test notices: python -m benchmarks.mutants [MODULE ...]

Mutmut (its settings are in pyproject.toml) puts one small fault after another into a copy of the code and runs the
tests that reach it. A fault that leaves all of them green survives: either a test is missing, or the fault makes
no difference. A module is named as `evaluation.gate` or, for a whole room, `evaluation`; without any, all are taken.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from movie_genie.cli import run
from movie_genie.errors import UserError
from movie_genie.files import write_json

COPY = Path("mutants")
RESULTS = Path("benchmarks/results/mutants.json")
NOTICED = ("killed", "timeout", "segfault")


def main() -> None:
    """Run mutmut, print a row for each file and the names of what survived, and write both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="evaluation.gate, evaluation, metrics, …"
    )
    modules = parser.parse_args().modules
    # Mutmut keeps a verdict when only tests change, and copies no deletion: so it starts anew.
    shutil.rmtree(COPY, ignore_errors=True)
    mutmut("run", "--max-children", "1", *(f"movie_genie.{module}.*" for module in modules))
    verdicts = verdicts_of(mutmut("results", "--all", "true", capture=True).splitlines())
    report(verdicts)
    write_json(RESULTS, {file: rows(found) for file, found in verdicts.items()})


def mutmut(*arguments: str, capture: bool = False) -> str:
    """Run a command of mutmut."""
    single_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # it forks
    # Mutmut itself puts its copy first. What tests start as a process of its own runs this checkout's code,
    # without faults: the faulty one asks for mutmut's settings in the current folder, and may be elsewhere.
    environment = os.environ | single_thread | {"PYTHONPATH": str(Path.cwd())}
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    done = subprocess.run(
        command, check=False, env=environment, text=True, stdout=subprocess.PIPE if capture else None
    )
    if done.returncode:
        raise UserError(f"mutmut {arguments[0]} failed with exit status {done.returncode}; see above")
    return done.stdout or ""


def verdicts_of(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    """`movie_genie.metrics.x_recall_at_k__mutmut_3: survived` -> for each file, each fault's verdict."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for line in lines:
        name, _, verdict = line.strip().rpartition(": ")
        if verdict and verdict != "not checked":
            file = f"{name.rpartition('.')[0].replace('.', '/')}.py"
            found[file][name] = verdict
    return dict(sorted(found.items()))


def rows(found: Mapping[str, str]) -> dict[str, object]:
    """A file's figures."""
    noticed = sum(verdict in NOTICED for verdict in found.values())
    return {
        "faults": len(found),
        "found": noticed,
        "share_found": round(noticed / len(found), 3),
        "survived": sorted(name for name, verdict in found.items() if verdict not in NOTICED),
    }


def report(verdicts: Mapping[str, Mapping[str, str]]) -> None:
    """Print what survived, file by file, and then each room's and each file's figures."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for file, found in verdicts.items():
        for name, verdict in found.items():
            place = "found" if verdict in NOTICED else "survived"
            for group in (file, f"{Path(file).parent}/", "all"):
                total[group][place] += 1
            if place == "survived":
                print(f"{verdict:12} {name}")
    print(f"\n{'':45} {'found':>6} {'survived':>9} {'faults':>7}")
    for group, count in sorted(total.items()):
        share = f"{count['found'] / count.total():.1%}"
        print(f"{group:45} {count['found']:6} {count['survived']:9} {count.total():7}  {share:>6}")


if __name__ == "__main__":
    run(main)
