"""SSM documents: what UpdateDocument leaves as it is, and moto forgets."""

from collections.abc import Mapping
from typing import Any

from moto.ssm.exceptions import SSMException
from moto.ssm.models import ssm_backends

from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.stack_sets.service import Caller

Answer = dict[str, Any]


class DocumentApi:
    """UpdateDocument."""

    def update_document(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Make a new version; the target type stays, unless a new one is given.

        TargetType is "a new target type for the document" (SSM API reference, UpdateDocument).
        """
        backend = ssm_backends[caller.account][caller.region]
        documents = backend._documents.get(params["Name"])  # noqa: SLF001
        kept = documents.get_latest_version().target_type if documents else None
        if not kept or "TargetType" in params:
            return FORWARD
        try:
            described = backend.update_document(
                content=params["Content"],
                attachments=params.get("Attachments", []),
                name=params["Name"],
                version_name=params.get("VersionName", ""),
                document_version=params.get("DocumentVersion", ""),
                document_format=params.get("DocumentFormat", "JSON"),
                target_type=kept,
            )
        except SSMException as error:
            raise ApiError(error.code, error.message) from error
        # moto makes up the platforms, in words that AWS does not have.
        known = {k: v for k, v in described.items() if v is not None and k != "PlatformTypes"}
        return {"DocumentDescription": known}
