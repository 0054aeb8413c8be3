"""Content of documents, compared by digest: the same content has the same digest in any order."""

from typing import Any

from orgrollout.model.ids import Digest, digest_of


def content_digest(content: Any) -> Digest:
    """Return a digest that is the same for the same content.

    Which numbers and booleans of a template arrive as text is not documented: all count as text.
    """
    return digest_of(as_text(content))


def as_text(content: Any) -> Any:
    """Return content with every number and boolean in it as text."""
    match content:
        case dict():
            return {str(key): as_text(value) for key, value in content.items()}
        case list():
            return [as_text(value) for value in content]
        case bool():
            return str(content).lower()
        case None:
            return ""
        case _:
            return str(content)
