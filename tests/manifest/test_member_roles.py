"""The external id of `drift` must be the one that the manifest's own roles require."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orgrollout.errors import ManifestError
from orgrollout.manifest import load_manifest
from orgrollout.manifest.loaded import LoadedManifest

ROLES = """\
version: 1
name: baseline
organization: o-a1b2c3d4e5
home_region: us-east-1
targets: all
regions: [us-east-1]
stack_sets:
  resync-role:
    template: builtin:resync-role
    parameters: {CallerRole: Rollout, ExternalId: base-7PARAMETER}
OVERRIDES
drift: DRIFT
"""
Load = Callable[..., LoadedManifest]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(drift: str, *, parameter: str = "", overrides: str = "") -> LoadedManifest:
        path = tmp_path / "manifest.yaml"
        text = ROLES.replace("PARAMETER", parameter).replace("DRIFT", drift)
        path.write_text(text.replace("OVERRIDES", overrides), encoding="utf-8")
        return load_manifest(path)

    return loaded


@pytest.mark.parametrize("key", ["probe_role", "resync_role"])
def test_another_external_id_is_refused(load: Load, key: str) -> None:
    """AWS would deny the role in every account, and not say why."""
    role = {"probe_role": "orgrollout-resync-probe", "resync_role": "orgrollout-resync"}[key]

    with pytest.raises(ManifestError) as caught:
        load(f"{{{key}: {role}, external_id: base-8}}")

    assert (
        "drift.external_id: is `base-8`, and the roles of stack set resync-role ask for `base-7`. "
        "Write the same as stack_sets.resync-role.parameters.ExternalId."
    ) in str(caught.value)


def test_no_external_id_is_refused(load: Load) -> None:
    with pytest.raises(ManifestError, match="external_id is missing, and the roles of stack set"):
        load("{probe_role: orgrollout-resync-probe}")


@pytest.mark.parametrize(
    ("drift", "parameter", "overrides"),
    [
        ("{probe_role: orgrollout-resync-probe, external_id: base-7}", "", ""),
        ("{probe_role: a-role-of-ours, external_id: base-8}", "", ""),
        ("{probe_role: orgrollout-resync-probe, external_id: base-8}", ", NamePrefix: acme", ""),
        (
            "{probe_role: orgrollout-resync-probe, external_id: base-8}",
            "",
            "    parameter_overrides: [{targets: all, parameters: {ExternalId: base-8}}]",
        ),
    ],
    ids=["the same", "another role", "another prefix", "overridden"],
)
def test_an_external_id_that_may_be_right_is_accepted(
    load: Load, drift: str, parameter: str, overrides: str
) -> None:
    load(drift, parameter=parameter, overrides=overrides)
