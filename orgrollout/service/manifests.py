"""The manifests in the bucket of the service: `manifests/NAME/manifest.yaml` with its templates."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from orgrollout.aws.buckets import Bucket
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.forms import NAME
from orgrollout.service.settings import Settings

ROOT = "manifests/"
FILE = "manifest.yaml"


class ManifestPlaceError(OrgRolloutError):
    """A manifest in the bucket is not one for this service. Nothing was planned."""


def manifest_names(bucket: Bucket) -> tuple[str, ...]:
    """Return the names of all manifests of the bucket, in order."""
    parts = (key.removeprefix(ROOT).split("/") for key, _ in bucket.objects(ROOT))
    return tuple(sorted(folder for folder, *rest in parts if rest == [FILE] and folder))


@contextmanager
def loaded_manifest(bucket: Bucket, name: str, settings: Settings) -> Iterator[LoadedManifest]:
    """Give a manifest of the bucket, with its folder on this machine meanwhile.

    Raises:
        ManifestError: All that is wrong with it.
        ManifestPlaceError: It has another name than its folder, or another home Region.
        FolderError, AwsError: It could not be copied.
    """
    if not NAME.fits(name):
        raise ManifestPlaceError(
            f"s3://{bucket.name}/{ROOT}{name}/ has a name that no manifest can have. Nothing was "
            "planned. Name the folder as the manifest: at most 40 letters, digits and hyphens."
        )
    with TemporaryDirectory() as folder:
        target = Path(folder) / name
        target.mkdir()
        bucket.copy_folder(f"{ROOT}{name}/", target)
        # The environment of a function holds its credentials, and a plan is written down.
        loaded = load_manifest(target / FILE, environ={})
        where = f"s3://{bucket.name}/{ROOT}{name}/{FILE}"
        if loaded.manifest.name != name:
            raise ManifestPlaceError(
                f"{where} is called {loaded.manifest.name}. Nothing was planned. Put it into "
                f"{ROOT}{loaded.manifest.name}/, so that there is one place for each manifest."
            )
        if loaded.home_region != settings.region:
            raise ManifestPlaceError(
                f"{where} has home_region {loaded.home_region or 'nowhere'}, and the service is in "
                f"{settings.region}. Nothing was planned. Deploy a service in that Region."
            )
        yield loaded
