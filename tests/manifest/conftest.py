"""A folder with a valid manifest and two templates, and the problems of changed ones."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest import LoadedManifest, load_manifest

MANIFEST = """\
version: 1
name: baseline
organization: o-a1b2c3d4e5
home_region: us-east-1
accounts: {log_archive: "111122223333"}
region_groups: {governed: [us-east-1, eu-west-1]}
target_groups:
  core: {organizational_units: [/Core]}
targets: all
regions: governed
stack_sets:
  roles:
    template: roles.yaml
  config:
    template: config.yaml
    depends_on: [roles]
    parameters: {Frequency: DAILY}
"""

ROLES = """\
Metadata:
  orgrollout:
    version: 1
    capabilities: [CAPABILITY_NAMED_IAM]
    once_per_account: true
Resources:
  Role: {Type: "AWS::IAM::Role"}
"""

CONFIG = """\
Metadata:
  orgrollout:
    version: 1
    depends_on: [roles, elsewhere]
    parameter_defaults:
      Organization: ${organization.id}
      Archive: ${accounts.log_archive}
      Vendor: ${accounts.vendor}
Parameters:
  Frequency: {Type: String, AllowedValues: [CONTINUOUS, DAILY]}
  Organization: {Type: String, Default: "", AllowedPattern: "^$|^o-[a-z0-9]+$"}
  Archive: {Type: String}
  Vendor: {Type: String, Default: ""}
  Days: {Type: Number, Default: 30, MinValue: 1, MaxValue: 400}
  Types: {Type: CommaDelimitedList, Default: "a,b", AllowedValues: [a, b, c]}
  Prefix: {Type: String, Default: acme, MinLength: 2, MaxLength: 5}
  Secret: {Type: String, Default: "", NoEcho: true}
Resources:
  Recorder:
    Type: AWS::Config::ConfigurationRecorder
    Properties: {RoleARN: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x"}
"""

Load = Callable[..., LoadedManifest]
Say = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the two templates, which is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roles.yaml").write_text(ROLES)
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def load(folder: Path) -> Load:
    """Return a function that loads a manifest's text."""

    def loaded(
        text: str | bytes = MANIFEST, environ: Mapping[str, str] | None = None
    ) -> LoadedManifest:
        path = folder / "manifest.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_manifest(path.relative_to(folder), environ=environ or {})

    return loaded


@pytest.fixture
def say(load: Load) -> Say:
    """Return a function that returns the problems of a manifest, a text for each."""

    def said(text: str | bytes) -> list[str]:
        try:
            load(text)
        except ManifestError as error:
            return [str(problem) for problem in error.problems]
        return []

    return said


def change(old: str, new: str, text: str = MANIFEST) -> str:
    """Return the sound manifest with one piece of text replaced."""
    assert text.count(old) == 1, f"{old!r} must be there once"
    return text.replace(old, new)
