"""SSM documents: moto's, brought to new content in place where the template says so."""

import json
from typing import Any

from moto.ssm.models import Document, ssm_backends


class VersionedDocument(Document):
    """A document that `UpdateMethod: NewVersion` leaves in place: a new version, the default."""

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Document:
        """Return the document with its new content; with another update method, a new document."""
        given = cloudformation_json["Properties"]
        backend = ssm_backends[account_id][region_name]
        documents = backend._documents.get(original_resource.name)  # noqa: SLF001
        if given.get("UpdateMethod") != "NewVersion" or documents is None:
            replaced: Document = super().update_from_cloudformation_json(
                original_resource, new_resource_name, cloudformation_json, account_id, region_name
            )
            return replaced
        content = given.get("Content")
        new = cls(
            account_id=account_id,
            name=original_resource.name,
            version_name=given.get("VersionName"),
            content=content if isinstance(content, str) else json.dumps(content, default=str),
            document_type=original_resource.document_type,
            document_format=given.get("DocumentFormat", "JSON"),
            requires=given.get("Requires"),
            attachments=given.get("Attachments"),
            target_type=given.get("TargetType"),
            document_version=str(int(documents.latest_version) + 1),
        )
        now = documents.get_default_version()
        if (now.content, now.target_type) != (new.content, new.target_type):
            documents.add_new_version(new)
            documents.update_default_version(new.document_version)
        default: Document = documents.get_default_version()
        return default
