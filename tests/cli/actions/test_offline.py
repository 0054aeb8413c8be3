"""`validate`, `schema`, `templates`: no AWS, no terminal, nothing to wait for."""

import json
from pathlib import Path

import pytest

from orgrollout.cli.main import main
from tests.cli.support import write_manifest
from tests.stage import BASE, TOPIC


def test_a_sound_manifest_is_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(write_manifest(tmp_path, BASE))]) == 0

    assert "valid; 1 stack set, 1 template." in capsys.readouterr().out


def test_a_finding_of_cfn_lint_is_a_problem_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = write_manifest(tmp_path, BASE)
    wrong = TOPIC.replace("DisplayName", "DisplayedName")
    (tmp_path / "topic.yaml").write_text(wrong)

    assert main(["validate", str(manifest), "--format", "json"]) == 1

    checked = json.loads(capsys.readouterr().out)
    assert checked["valid"] is False
    (problem,) = checked["problems"]
    assert problem["file"].endswith("topic.yaml")
    assert (
        problem["line"]
        == wrong.splitlines().index('    Properties: {DisplayedName: !Sub "${Suffix}-${Other}"}')
        + 1
    )
    assert "DisplayedName" in problem["message"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("version: 1\nversion: 1\n", "twice"),
        ("version: 1\n\tname: x\n", "a tab"),
        ("version: 1\nname: base\nregoins: [us-east-1]\n", "regoins"),
        ("- a\n- b\n", "no mapping"),
        ("accounts: {a: 012345678901}\n", "accounts"),
        ("{" * 5000, "manifest.yaml:1:"),
    ],
)
@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--yes"]])
def test_a_bad_manifest_is_reported_in_words_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], text: str, said: str
) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(text)

    code = main([*command, str(path)])

    told = capsys.readouterr()
    assert code == 1
    assert said in told.err
    assert f"{path}:" in told.err
    assert "Traceback" not in told.err
    assert "bug" not in told.err


def test_a_file_that_is_not_text_is_reported_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_bytes(b"name: \xff\xfe")

    assert main(["plan", str(path)]) == 1
    assert "UTF-8" in capsys.readouterr().err


def test_the_schema_command_prints_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0

    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert "stack_sets" in schema["required"]


def test_templates_are_listed_by_the_names_that_manifests_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["templates", "list", "--format", "json"]) == 0

    listed = json.loads(capsys.readouterr().out)["templates"]
    assert "builtin:config-regional" in {each["name"] for each in listed}
    assert all(each["description"] for each in listed)


def test_exported_templates_never_overwrite_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    assert main(["templates", "export", str(folder)]) == 0
    assert (folder / "account-roles.yaml").is_file()
    (folder / "account-roles.yaml").write_text("mine")
    capsys.readouterr()

    assert main(["templates", "export", str(folder)]) == 1

    assert "exists already; nothing was written" in capsys.readouterr().err
    assert (folder / "account-roles.yaml").read_text() == "mine"


def test_one_template_for_one_account_is_printed_or_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    single = ["templates", "export", "--single-account"]
    assert main(single) == 0
    printed = capsys.readouterr().out
    assert "FlowLogBucket:" in printed
    path = tmp_path / "one.yaml"
    assert main([*single, "--form", "log-group", "--out", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert "FlowLogBucket:" not in path.read_text(encoding="utf-8")

    path.write_text("mine", encoding="utf-8")
    assert main([*single, "--out", str(path)]) == 1
    assert "exists already; nothing was written" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "give the folder to write to, or --single-account."),
        (["--out", "x.yaml"], "--form and --out go with --single-account."),
        (["--form", "bucket", "here"], "--form and --out go with --single-account."),
        (["--single-account", "here"], "not both"),
    ],
)
def test_it_is_clear_what_is_exported(
    more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["templates", "export", *more]) == 2
    assert said in capsys.readouterr().err
