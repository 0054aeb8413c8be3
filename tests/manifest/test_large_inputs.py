"""Inputs just below the size limit are loaded in little time, with any content."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest.load import load_manifest
from tests.manifest.large_inputs import HEAD, MANIFESTS, TARGETS, TEMPLATE, TEMPLATES, WHOLE

SECONDS = 10  # of CPU time, for one input
BUDGET = 60  # of CPU time, for all that one run tries


class TooLongError(BaseException):
    """An input took more CPU time than one may take."""


def test_unknown_keys_are_counted_and_twenty_are_named(tmp_path: Path) -> None:
    """8,000 of them took 74 s."""
    manifest = tmp_path / "manifest.yaml"
    (tmp_path / "roles.yaml").write_text(TEMPLATE)
    manifest.write_text(WHOLE + "".join(f"stack_sets{n}: 1\n" for n in range(8_000)))

    with _within(SECONDS), pytest.raises(ManifestError) as caught:
        load_manifest(manifest, environ={})

    problems = caught.value.problems
    assert len(problems) == 21
    assert sum("Did you mean `stack_sets`?" in each.fix for each in problems) == 20
    assert problems[-1].message == "and 7,980 more unknown keys."


def test_merges_of_merges_are_refused_and_are_no_bug(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    lines = [f"  s{n}: &s{n} {{<<: *s{n - 1}}}\n" for n in range(1, 2_000)]
    manifest.write_text(HEAD + TARGETS + "stack_sets:\n  s0: &s0 {a: b}\n" + "".join(lines))

    with pytest.raises(ManifestError, match="aliases expand to more than a manifest can be"):
        load_manifest(manifest, environ={})


def test_more_patterns_than_a_failure_can_be_compared_with_are_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.yaml"
    rules = "".join(f"      - {{pattern: 'a{n}.*b'}}\n" for n in range(1_001))
    classes = f"rollout:\n  failure_classes:\n    transient:\n{rules}"
    (tmp_path / "roles.yaml").write_text(TEMPLATE)
    manifest.write_text(WHOLE + classes)

    with pytest.raises(ManifestError) as caught:
        load_manifest(manifest, environ={})

    [problem] = caught.value.problems
    assert (problem.field, problem.message, problem.fix) == (
        "rollout.failure_classes.transient",
        "has 1,001 entries.",
        "Use at most 1,000.",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape",
    [
        "accounts and placeholders for them",
        "accounts and wrong references to them",
        "many circles of dependencies",
    ],
)
def test_inputs_that_once_took_quadratic_time_are_reported_in_time(
    tmp_path: Path, shape: str
) -> None:
    """Each took more than 10 s: a look-up, or a search, began at the start for every mistake."""
    (tmp_path / "roles.yaml").write_text(TEMPLATE)
    (tmp_path / "manifest.yaml").write_text(MANIFESTS[shape]())

    with _within(SECONDS), pytest.raises(ManifestError) as caught:
        load_manifest(tmp_path / "manifest.yaml", environ={})

    assert caught.value.problems


@pytest.mark.slow
def test_an_input_below_a_megabyte_is_loaded_in_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many shapes as fit into a minute of CPU time, in an order of its own each time."""
    seed = time.time_ns() % 1_000_000
    inputs = [("roles.yaml", *each) for each in TEMPLATES.items()]
    inputs += [("manifest.yaml", *each) for each in MANIFESTS.items()]
    random.Random(seed).shuffle(inputs)  # noqa: S311 - no secret
    tried = []
    began = time.process_time()
    for file, name, text in inputs:
        if time.process_time() - began > BUDGET:
            break
        tried.append(f"{_seconds(tmp_path, file, text):5.1f} s  {file}: {name}")
    with capsys.disabled():
        print(f"\nseed {seed}, {len(tried)} of {len(inputs)} shapes:", *tried, sep="\n")
    assert len(tried) > 5


def _seconds(folder: Path, file: str, text: Callable[[], str]) -> float:
    """Return the CPU time that loading takes; anything but a manifest or problems is raised."""
    (folder / "manifest.yaml").write_text(WHOLE)
    (folder / "roles.yaml").write_text(TEMPLATE)
    (folder / file).write_text(text())
    began = time.process_time()
    with _within(SECONDS), suppress(ManifestError):
        load_manifest(folder / "manifest.yaml", environ={})
    return time.process_time() - began


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TooLongError(f"more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
