"""The planner's policy in docs/bootstrap.md: `python -m tests.docs.policy` brings it up to date."""

import json
import re

from orgrollout.aws.permissions import Scope, planner_policy
from tests.paths import DOCS

PAGE = DOCS / "bootstrap.md"
_BETWEEN = re.compile(r"(?<=<!-- planner -->\n).*?(?=<!-- end -->)", re.DOTALL)


def with_policy(page: str) -> str:
    """Return the page with the policy as the program prints it."""
    document = json.dumps(planner_policy(Scope()), indent=2)
    return _BETWEEN.sub(lambda _: f"```json\n{document}\n```\n", page)


if __name__ == "__main__":
    PAGE.write_text(with_policy(PAGE.read_text()))
