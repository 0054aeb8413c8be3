"""Loading any damaged manifest results in a manifest or a `ManifestError`."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgrollout.errors import ManifestError
from orgrollout.manifest import load_manifest
from orgrollout.manifest.template.builtin import builtin_path
from tests.manifest.conftest import CONFIG, MANIFEST, ROLES
from tests.manifest.design import FULL, SMALL, TEAMX

SNIPPETS = (
    "{}", "[]", "null", "~", "true", "0123", "1_000", "1:30", "1e9", ".nan", "&a", "*a", "<<: ",
    "!!binary x", '"\\u0007"', "- ", ": ", "? ", "\n", "\t", "  ", "{", "}", "[", "]", '"', "'",
    "#", "|", ">", "%", "@", "${", "}", "all", "home", "enabled", "absent", "builtin:", "../", "\0",
    "é", "💥", "\x85", "2026-12-20/2027-01-04", "include", "exclude", "everyone", "targets: ",
    "9" * 400, "1h", "s3://x", "{{resolve:ssm:x}}", "stack_sets: ", "None", "\ufeff", "\u2028",
)  # fmt: skip


def outcome(text: str) -> str:
    """Return the result of loading a text; anything but a manifest or problems is raised."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {"roles.yaml": ROLES, "config.yaml": CONFIG, "teamx.yaml": TEAMX}
        for file, content in files.items():
            (folder / file).write_text(content)
        path = folder / "manifest.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            load_manifest(path, environ={})
        except ManifestError as error:
            problems = error.problems
        else:
            return "sound"
    assert problems
    assert all(p.message and str(p).isprintable() for p in problems)
    assert len(set(problems)) == len(problems)
    return "refused"


def mutated(text: str, seed: int, count: int) -> str:
    """Return a text with lines moved, doubled or cut, and pieces of YAML put in."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    for _ in range(count):
        lines = text.splitlines(keepends=True) or [""]
        at, piece = rng.randrange(len(text) + 1), rng.choice(SNIPPETS)
        line = rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                text = text[:at] + piece + text[at:]
            case 1:
                text = text[:at] + text[at + rng.randrange(1, 12) :]
            case 2:
                text = "".join([*lines[:line], *lines[line + 1 :]])
            case 3:
                text = "".join([*lines[: line + 1], *lines[line:]])
            case _:
                words = text.split(" ")
                words[rng.randrange(len(words))] = piece
                text = " ".join(words)
    return text


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(
        [MANIFEST, SMALL, FULL.replace("../stacksets/", "builtin:").replace(".yaml", "")]
    ),
    st.integers(0, 2**32),
    st.integers(1, 6),
)
def test_a_damaged_manifest_is_never_a_crash(text: str, seed: int, count: int) -> None:
    outcome(mutated(text, seed, count))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_never_a_crash(text: str) -> None:
    assert outcome(text) == "refused"


def test_the_damage_is_real() -> None:
    """Else the fuzzing would prove nothing."""
    seen = {outcome(mutated(MANIFEST, seed, 1)) for seed in range(40)}
    assert seen == {"refused", "sound"}
    assert builtin_path("config-regional").is_file()
