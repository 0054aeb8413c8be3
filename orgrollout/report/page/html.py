"""The page as one file. Whatever a name holds, it stays a text: in JSON, and never in HTML."""

import json
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

_BUILT = ("page.css", "page.js")
# What could end the element, begin a comment in it, or end a line of a script.
_ESCAPED = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>orgrollout</title>
<style>{style}</style>
</head>
<body>
<noscript>This page is drawn by a script that is in it. No request leaves it.</noscript>
<main id="page"></main>
<script type="application/json" id="document">{document}</script>
<script>{script}</script>
</body>
</html>
"""


def page_html(document: Mapping[str, Any], *, live: bool = False) -> str:
    """Return the page. Without ``live``, no request leaves it, and its policy allows none."""
    style, script = (built(name) for name in _BUILT)
    text = json.dumps(document, separators=(",", ":")).translate(_ESCAPED)
    return _HTML.format(
        policy=policy(style, script, live=live), style=style, script=script, document=text
    )


def policy(style: str, script: str, *, live: bool) -> str:
    """Return the content security policy: this style and this script, and nothing else."""
    allowed = [
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join([*allowed, "connect-src 'self'"] if live else allowed)


@cache
def built(name: str) -> str:
    """Return a file that `make page` has built."""
    return files("orgrollout.report.page").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
