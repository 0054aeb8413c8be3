"""What a part of the manifest says, as a digest: a later job compares it with that of its own."""

from pydantic import BaseModel

from orgrollout.model.ids import Digest, digest_of


def rules_of(part: BaseModel) -> Digest:
    """Return the digest of all that a part of the manifest says: other rules, another digest."""
    return digest_of(part.model_dump(mode="json", exclude_defaults=True))
