"""The zip that Lambda gets: the same bytes twice, small enough, without what only tests need."""

import zipfile
from io import BytesIO

import pytest

from orgrollout.service.package import MOST_BYTES, make_package
from orgrollout.service.wheels import Architecture, Target


@pytest.mark.slow
def test_the_zip_for_lambda_is_the_same_twice_and_fits() -> None:
    target = Target(architecture=Architecture.ARM64)
    first, second = make_package(target), make_package(target)

    assert first.content == second.content
    assert len(first.content) < MOST_BYTES
    with zipfile.ZipFile(BytesIO(first.content)) as archive:
        names = archive.namelist()
    assert "orgrollout/service/handlers.py" in names
    assert "orgrollout/stacksets/log-buckets.yaml" in names
    assert not [n for n in names if n.startswith(("moto/", "orgrollout/sandbox/", "pytest/"))]
    natives = [n for n in names if n.endswith(".so")]
    assert natives
    assert all("aarch64" in n for n in natives)
