"""A whole run: maps in parallel, depth on top, the file, the checker, the verdict."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.certificate import (
    ARRAYS,
    DOCUMENT,
    Certificate,
    digest,
    write_text,
)
from stabcheck.certify.depth import DepthReport, certify_ranges
from stabcheck.certify.depth_product import Factor
from stabcheck.certify.draft import Draft
from stabcheck.certify.magnitudes import check_magnitudes
from stabcheck.certify.plan_writer import Established
from stabcheck.certify.records import field_arrays
from stabcheck.certify.sublayer import Task, certify_map
from stabcheck.errors import InvalidInput, Rejected, Undecided
from stabcheck.integrators import ButcherTableau, StepMethod
from stabcheck.layers import Normalise, Residual, Stack

PARTS = ".parts"
RUN = "run.json"
FORMAT = 1
"""Raised when saved parts of an interrupted run can no longer be used."""

Advance = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to certify: a stack from a state, on tubes of given radii, with steps."""

    stack: Stack
    state: np.ndarray
    radius_of: Callable[[np.ndarray], Fraction]
    steps: tuple[tuple[StepMethod, Fraction], ...]
    statement: str
    provenance: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """A finished run: the accepted certificate and what to print of it."""

    certificate: Certificate
    verdict: dict[str, Any]
    maps: list[dict[str, Any]]
    ranges: list[DepthReport]
    factors: list[Factor]


def tasks_of(plan: Plan) -> list[Task]:
    """One task a map, each at the state that the trajectory gives it."""
    states = plan.stack.trajectory(plan.state)
    tasks = []
    for index, (map_, state) in enumerate(zip(plan.stack.maps, states, strict=False)):
        own = (
            () if isinstance(map_, Normalise) else ((map_.integrator, map_.step_size),)
        )
        steps = own + tuple(step for step in plan.steps if step not in own)
        tasks.append(Task(index, map_, state, plan.radius_of(state), steps))
    return tasks


def fingerprint(task: Task) -> str:
    """SHA-256 of everything that a task's claims depend on."""
    state = hashlib.sha256(f"{FORMAT}|{task.map.name}|{task.radius}|".encode())
    state.update(digest(task.state).encode())
    for field in task.branch:
        state.update(type(field).__name__.encode())
        for name, value in sorted(field_arrays(field).items()):
            state.update(f"{name}:{digest(value)}|".encode())
        state.update(_settings(field).encode())
    for method, size in task.steps:
        rows = (
            (method.A, method.b)
            if isinstance(method, ButcherTableau)
            else (method.alpha, method.beta)
        )
        state.update(f"{rows[0]}|{rows[1]}|{size}|".encode())
    return state.hexdigest()


def _settings(field: Any) -> str:
    names = ("scale", "causal", "epsilon")
    return "|".join(f"{name}={getattr(field, name, None)}" for name in names)


def run(
    plan: Plan,
    folder: Path,
    *,
    jobs: int,
    force: bool,
    advance: Advance,
    time_limit: float | None = None,
) -> Outcome:
    """Certify a plan and leave `certificate.json` and its `.npz` in `folder`.

    Parts of an interrupted run of the same plan are taken up again.

    **Arguments:** `time_limit`, in seconds, for the maps: none is begun after it.

    **Raises:** `InvalidInput` where the folder holds another run's files; `Rejected`
    or `Undecided` where the checker does not accept, and then no certificate is left.
    """
    for map_ in plan.stack.maps:
        branch = map_.branch if isinstance(map_, Residual) else (map_.field,)
        check_magnitudes(branch, plan.state)
    tasks = tasks_of(plan)
    keys = [fingerprint(task) for task in tasks]
    claim_folder(folder, keys, force)
    draft = Draft()
    tokens = len(plan.state)
    for map_ in plan.stack.maps:
        draft.map(map_, tokens)
    summaries, factors = [], []
    _certify_missing(tasks, keys, folder / PARTS, jobs, advance, time_limit)
    for key, task in zip(keys, tasks, strict=True):
        part, summary = Draft.load(folder / PARTS / key)
        moved = draft.merge(part)
        factors.append(_factor_of(draft, summary["factor"], moved, task))
        summaries.append(summary)
    states = [task.state for task in tasks]
    ranges = certify_ranges(draft, plan.stack, states, factors, advance)
    certificate = draft.certificate(plan.statement, LATEX, plan.provenance)
    path = certificate.save(folder)
    advance("checker")
    verdict = accept(path, jobs)
    for leftover in (folder / PARTS).iterdir():
        leftover.unlink()
    (folder / PARTS).rmdir()
    return Outcome(certificate, verdict, summaries, ranges, factors)


LATEX = (
    r"\forall X, Y \in D:\ \psi\,\|X - Y\| \le \|\Phi(X) - \Phi(Y)\| \le "
    r"\phi\,\|X - Y\|"
)


def claim_folder(folder: Path, keys: Sequence[str], force: bool) -> None:
    """Make the folder ours, or refuse one that holds another run's files."""
    mark = folder / RUN
    identity = hashlib.sha256("".join(keys).encode()).hexdigest()
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"asked to write into {folder}, found a file of that name")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        try:
            found = json.loads(mark.read_text())["identity"]
        except (OSError, ValueError, KeyError, TypeError):
            found = None
        if found != identity:
            raise InvalidInput(
                f"asked to write into {folder}, found another run's files there; "
                "choose another --out, or add --force to replace them"
            )
    try:
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"asked to write into {folder}: {error}") from error
    write_text(mark, json.dumps({"identity": identity, "format": FORMAT}) + "\n")


def _certify_missing(
    tasks: Sequence[Task],
    keys: Sequence[str],
    parts: Path,
    jobs: int,
    advance: Advance,
    time_limit: float | None,
) -> None:
    """Certify the maps of which no finished part is on disk, each into a part."""
    missing = []
    for task, key in zip(tasks, keys, strict=True):
        if (parts / f"{key}.json").is_file():
            advance(task.map.name)
        else:
            missing.append((task, parts / key))
    left = len(missing)
    stop = math.inf if time_limit is None else time.monotonic() + time_limit
    for name in _certified(missing, jobs, stop):
        left -= 1
        advance(name)
    if left:
        raise Undecided(
            f"the time limit of {time_limit:g} s passed with {len(tasks) - left} of "
            f"{len(tasks)} maps certified; run the same command again to go on"
        )


def _certified(
    missing: Sequence[tuple[Task, Path]], jobs: int, stop: float
) -> Iterator[str]:
    """Names of the maps as they are done, none begun after `stop`."""
    if jobs == 1 or len(missing) <= 1:
        for task, stem in missing:
            if time.monotonic() > stop:
                return
            write_part(task, stem)
            yield task.map.name
        return
    with one_blas_thread(), _processes(jobs) as pool:
        futures = {pool.submit(write_part, *item): item[0] for item in missing}
        seconds = None if math.isinf(stop) else max(0.0, stop - time.monotonic())
        try:
            for future in as_completed(futures, seconds):
                future.result()
                yield futures[future].map.name
        except TimeoutError:
            pool.shutdown(wait=False, cancel_futures=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Processes begun inside share the cores: one BLAS thread each, unless told."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    added = [name for name in names if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _processes(jobs: int) -> Executor:
    # Fresh interpreters: a forked JAX may hang on the locks of its parent's threads.
    return ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=end_on_interrupt
    )


def end_on_interrupt() -> None:
    """Let an interrupt end a worker at once: what it was making is not saved."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def write_part(task: Task, stem: Path) -> None:
    """Certify one map and save its draft: `.npz` first, then `.json`."""
    draft, summary = certify_map(task)
    draft.save(stem, summary)


def _factor_of(
    draft: Draft, factor: dict[str, int | None], moved: Sequence[int], task: Task
) -> Factor:
    def established(index: int | None) -> Established | None:
        if index is None:
            return None
        claim = draft.claims[moved[index]]
        return Established(moved[index], claim.bound, claim.theorem)

    return Factor(
        task.map.name,
        established(factor["growth"]),
        established(factor["shrink"]),
        task.radius,
    )


def check_in_a_process(path: Path, jobs: int = 2) -> dict[str, Any]:
    """Run the checker on a file in a process of its own.

    **Returns:** its verdict: `status`, `tier`, `claims`, `reasons`.
    """
    command = [sys.executable, "-m", "stabcheck.checker", str(path), "--json"]
    command += ["--jobs", str(jobs)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(finished.stdout)
    except ValueError as error:
        lines = finished.stderr.strip().splitlines() or ["it printed nothing"]
        raise Undecided(f"the checker gave no verdict: {lines[-1]}") from error


def accept(path: Path, jobs: int) -> dict[str, Any]:
    """Have the checker check a file; what it does not accept is put aside."""
    verdict = check_in_a_process(path, jobs)
    if verdict["status"] == "accepted":
        return verdict
    for name in (DOCUMENT, ARRAYS):
        kept = path.with_name(f"not-accepted-{name}")
        path.with_name(name).replace(kept)
    reasons = "; ".join(_reasons(verdict)) or "no reason given"
    error = Undecided if verdict["status"] == "undecided" else Rejected
    raise error(
        f"the checker does not accept the certificate ({verdict['status']}): {reasons}"
    )


def _reasons(verdict: dict[str, Any], most: int = 3) -> Iterator[str]:
    for index, theorem, reason in verdict.get("reasons", [])[:most]:
        yield f"claim {index} ({theorem}): {reason}"
