"""What the checks of the templates share."""

import pytest

from tests.templates.support.reading import Templates


@pytest.fixture(scope="session")
def templates() -> Templates:
    """The templates as they are shipped."""
    return Templates.shipped()
