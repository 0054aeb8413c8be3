"""A mistake is reported once, in full: file, line, column, field, the error and the remedy."""

from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest import load_manifest
from tests.manifest.conftest import MANIFEST, Say, change

TABLE = Path(__file__).with_name("mistakes.txt")


def cases() -> list[tuple[str, str, str, list[str]]]:
    """Return name, old text, new text and messages of every case in the table."""
    found = []
    for block in TABLE.read_text().split("\n# ")[1:]:
        name, *lines = block.splitlines()
        parts = {mark: [x[2:] for x in lines if x.startswith(f"{mark} ")] for mark in "-+!"}
        found.append((name, "\n".join(parts["-"]), "\n".join(parts["+"]), parts["!"]))
    return found


@pytest.mark.parametrize(
    ("old", "new", "messages"), [pytest.param(*case[1:], id=case[0]) for case in cases()]
)
def test_one_mistake_gives_one_clear_error(
    say: Say, old: str, new: str, messages: list[str]
) -> None:
    assert say(change(old, new)) == messages


def test_the_manifest_used_for_the_mistakes_is_valid(say: Say) -> None:
    """Else a case of the table might pass for another reason."""
    assert say(MANIFEST) == []
    assert len(cases()) > 80


ROOT = "manifest.yaml:1:1: "
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{this}: &{this} [{', '.join([f'*{last}'] * 10)}]\n"
    for last, this in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            b"", f"{ROOT}is empty. `orgrollout init` writes a starter manifest.", id="empty file"
        ),
        pytest.param(
            b"# soon\n",
            f"{ROOT}is empty. `orgrollout init` writes a starter manifest.",
            id="only comments",
        ),
        pytest.param(
            b"version: 1\nname: caf\xe9\n",
            "manifest.yaml:2:10: is not UTF-8: byte 0xe9. Save it as UTF-8.",
            id="not UTF-8",
        ),
        pytest.param(
            "version: 1".encode("utf-16"),
            f"{ROOT}is UTF-16 text. Save it as UTF-8.",
            id="UTF-16",
        ),
        pytest.param(
            b"\xef\xbb\xbfversion: 1\n",
            f"{ROOT}begins with a byte order mark. "
            "Save it as UTF-8 without a byte order mark (BOM).",
            id="byte order mark",
        ),
        pytest.param(
            b"version: 1\nname: x\x00\n",
            "manifest.yaml:2:8: holds the control character U+0000. "
            "Remove it; is this a text file?",
            id="NUL",
        ),
        pytest.param(
            b"- version: 1\n",
            f"{ROOT}is no manifest: its top level is no mapping. Begin with `version: 1`.",
            id="a list",
        ),
        pytest.param(
            b"hello\n",
            f"{ROOT}is no manifest: its top level is no mapping. Begin with `version: 1`.",
            id="a text",
        ),
        pytest.param(
            BOMB.encode(),
            "manifest.yaml:1:32: aliases expand to more than a manifest can be. "
            "Write it out without aliases.",
            id="alias bomb",
        ),
        pytest.param(
            b"a: &a [*a]\n",
            "manifest.yaml:1:4: a[0]: an alias contains itself. Remove it.",
            id="alias of itself",
        ),
        pytest.param(
            b"#" * 1_000_001,
            "manifest.yaml: has more than 1,000,000 bytes. Split it into several.",
            id="too large",
        ),
        pytest.param(
            b"a: " + b"[" * 50_000 + b"]" * 50_000,
            "manifest.yaml:1: is nested more than 60 levels deep. Write it flatter.",
            id="too deep",
        ),
        pytest.param(
            b'name: "\\ud800"',
            "manifest.yaml:1:10: is no YAML: while parsing a quoted scalar, "
            "found invalid Unicode character escape code. Check the lines above, too.",
            id="half a character",
        ),
    ],
)
def test_a_file_that_is_not_yaml_is_reported_as_such(say: Say, text: bytes, message: str) -> None:
    assert say(text) == [message]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.yaml", "nowhere.yaml: cannot be read: No such file or directory."),
        (".", ".: cannot be read: Is a directory."),
    ],
)
def test_a_file_that_cannot_be_read_is_named(path: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load_manifest(Path(path))
    assert str(caught.value) == f"{message} Check the path and its permissions."


def test_all_mistakes_are_reported_at_once_from_top_to_bottom(say: Say) -> None:
    """Of different kinds: YAML, shape, references, templates."""
    text = change("version: 1", "version: 2")
    text = change("targets: all\n", "targets: {accounts: [log_archve]}\nretries: 3\n", text)
    text = change("governed: [us-east-1,", "governed: [us-est-1,", text)
    text = change("depends_on: [roles]", "depends_on: [roles]\n    depends_on: []", text)
    text = change("roles.yaml", "role.yaml", text)
    assert [said.partition(" ")[0] for said in say(text)] == [
        "manifest.yaml:1:10:",
        "manifest.yaml:6:28:",
        "manifest.yaml:9:22:",
        "manifest.yaml:10:1:",
        "manifest.yaml:14:15:",
        "manifest.yaml:18:5:",
    ]


def test_a_secret_is_never_shown(say: Say) -> None:
    for secret in ("hunter2", "012345", "123456789012", "[hunter2]", "'${hunter2}'", "0x1F2E3D"):
        said = say(change("DAILY}", f"DAILY, Secret: {secret}}}"))
        assert len(said) == 1
        assert secret.strip("'[]") not in said[0]
