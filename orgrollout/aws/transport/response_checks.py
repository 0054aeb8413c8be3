"""Tells a response of AWS from a broken one: cut off, empty, a proxy's, or of another request.

botocore does not: it makes `{}` of JSON that it cannot parse, leaves out what is missing, and
quotes the body of XML in its errors. So a body is looked at before botocore parses it, and what
botocore made of it afterwards. No text of a body is ever given out: it may hold credentials.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from orgrollout.aws.transport.required_members import DOCUMENTS, ECHOES, REQUIRED
from orgrollout.errors import BrokenResponseError

_REDIRECT, _SERVER_ERROR = 300, 500
_ROLE = re.compile(r"arn:[^:]+:iam::(\d+):role/(?:.*/)?([^/]+)")
_SESSION = re.compile(r"arn:[^:]+:sts::(\d+):assumed-role/([^/]+)/.+")  # its role has no path
_CHANGE_SET = re.compile(r"arn:[^:]+:cloudformation:[^:]+:\d+:changeSet/([^/]+)/.+")
_ACCOUNT, _ARN = re.compile(r"\d{12}"), re.compile(r"arn:[^:]+:.+")
_FORMS = {"Account": _ACCOUNT, "AccountId": _ACCOUNT, "MasterAccountId": _ACCOUNT, "Arn": _ARN}
# Errors of botocore's parsers for a body that is well-formed and not of the operation's shape.
PARSER_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class BrokenResponse(Exception):  # noqa: N818 - beside botocore's own errors, and translated as they are
    """A response that is none. The text says in what way, and quotes nothing of it."""


class PageTokens:
    """The tokens of one listing. One that comes again would let the listing never end."""

    def __init__(self, api: str) -> None:
        self._api = api
        self._seen: set[str] = set()

    def of(self, answer: Mapping[str, Any]) -> str | None:
        """Return the token of the next page, or None where this page was the last.

        Raises:
            BrokenResponseError: The next page is one that was read before.
        """
        token: str | None = answer.get("NextToken")
        if not token:
            return None
        if token in self._seen:
            raise BrokenResponseError(self._api, "a page that was read before is named as the next")
        self._seen.add(token)
        return token


def check_body(model: Any, response: dict[str, Any]) -> None:
    """Refuse a body that botocore would not, or would quote.

    An error of the server's without a readable body keeps its status alone, as botocore has it.

    Raises:
        BrokenResponse: It is no response of AWS.
    """
    status, body = int(response["status_code"]), response["body"]
    if not isinstance(body, bytes) or model.http.get("method") == "HEAD":
        return
    fault = _fault_of_error(model, response) if status >= _REDIRECT else _fault(model, body)
    if fault and status >= _SERVER_ERROR:
        response["body"] = b""
    elif fault:
        raise BrokenResponse(fault if status < _REDIRECT else f"HTTP {status} with {fault}")


def check_members(
    api: str, parameters: Mapping[str, Any], answer: Mapping[str, Any], *, paged: bool
) -> None:
    """Refuse a response that lacks what it always has, or that is one to another request.

    ``paged``: more pages come, or came, so that this one may be without items.

    Raises:
        BrokenResponse: It says which member.
    """
    for path in REQUIRED.get(api, ()):
        _require(path, answer, paged=paged)
    for path, parameter in ECHOES.get(api, {}).items():
        asked = str(parameters.get(parameter) or "")
        if asked and not all(_echoes(asked, str(said)) for said in _values(path, answer)):
            raise BrokenResponse(f"its {path} is not the one that was asked for")
    for value in _values(DOCUMENTS[api], answer) if api in DOCUMENTS else ():
        if not isinstance(value, Mapping) and not _is_policy(api, str(value)):
            raise BrokenResponse("a policy in it is not a JSON object")
    token = answer.get("NextToken")
    if token and token == parameters.get("NextToken"):
        raise BrokenResponse("it names itself as the next page")


def _fault(model: Any, body: bytes) -> str:
    """Return what is wrong with the body of a success, or nothing."""
    protocol, shape = model.service_model.resolved_protocol, model.output_shape
    if protocol in {"json", "rest-json"}:
        return _fault_of_json(body, may_be_empty=shape is None)
    if protocol in {"query", "ec2"}:
        wrapper = shape.serialization.get("resultWrapper", "") if shape is not None else ""
        return _fault_of_xml(body, f"{model.name}Response", wrapper)
    if protocol == "rest-xml" and body:
        root = _xml(body)
        return "a body that is not XML" if root is None else _error_in(root)
    return ""


def _fault_of_json(body: bytes, *, may_be_empty: bool) -> str:
    if not body.strip():
        return "" if may_be_empty else "an empty body"
    return "" if isinstance(_json(body), dict) else "a body that is not a JSON object"


def _fault_of_xml(body: bytes, name: str, wrapper: str) -> str:
    if not body.strip():
        return "an empty body"
    root = _xml(body)
    if root is None:
        return "a body that is not XML"
    if _tag(root) != name:
        return f"a body that is no {name}"
    if wrapper and wrapper not in map(_tag, root):
        return f"a body without {wrapper}"
    return ""


def _error_in(root: ET.Element) -> str:
    return "an error in the body of a success" if _tag(root) == "Error" else ""


def _fault_of_error(model: Any, response: Mapping[str, Any]) -> str:
    """Return what is wrong with the body of an error, or nothing if it names its code."""
    protocol, body = model.service_model.resolved_protocol, response["body"]
    if protocol in {"json", "rest-json"}:
        if body.strip() and not isinstance(_json(body), dict):
            return "a body that is not a JSON object"
        # Where botocore looks for the code, by protocol.
        keys = {"__type"} if protocol == "json" else {"code", "Code"}
        named = not keys.isdisjoint(_json(body) or {})
        named = named or (protocol == "rest-json" and "x-amzn-errortype" in response["headers"])
        return "" if named else "a body that names no error"
    if protocol in {"query", "ec2", "rest-xml"}:
        root = _xml(body) if body.strip() else None
        named = root is not None and any(_tag(each) == "Code" and each.text for each in root.iter())
        return "" if named else "a body that names no error"
    return ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_policy(api: str, text: str) -> bool:
    written = unquote(text) if api.startswith("iam:") else text
    return isinstance(_json(written.encode()), dict)


def _xml(body: bytes) -> ET.Element | None:
    """Return the root, or None. Such bodies were sent by the endpoint that is called anyway."""
    try:
        return ET.fromstring(body)  # noqa: S314 - botocore parses it the same way
    except (ET.ParseError, ValueError, LookupError):
        return None


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _require(path: str, answer: Any, *, paged: bool) -> None:
    """Follow a path to its end, through every item of a list."""
    step, _, rest = path.partition(".")
    name = step.rstrip("[]+?")
    value = answer.get(name) if isinstance(answer, Mapping) else None
    if value is None or (value == "" and not step.endswith("?")):
        raise BrokenResponse(f"it lacks {name}")
    if isinstance(value, str) and name in _FORMS and not _FORMS[name].fullmatch(value):
        raise BrokenResponse(f"its {name} is of another form")
    if step.endswith("]"):
        if not isinstance(value, list) or not (value or paged or step.endswith("[]")):
            raise BrokenResponse(f"it lacks {name}")
        for item in value:
            _require(rest, item, paged=paged)
    elif rest:
        _require(rest, value, paged=paged)


def _values(path: str, answer: Any) -> Iterator[Any]:
    step, _, rest = path.partition(".")
    value = answer[step.removesuffix("[]")]
    for item in value if step.endswith("[]") else (value,):
        if rest:
            yield from _values(rest, item)
        else:
            yield item


def _echoes(asked: str, said: str) -> bool:
    """Return whether both name the same.

    A stack set's id is its name and an id of its own; a change set's ARN holds its name.
    """
    if change_set := _CHANGE_SET.fullmatch(asked):
        return said in {asked, change_set.group(1)}
    role, session = _ROLE.fullmatch(asked), _SESSION.fullmatch(said)
    if role and session:
        return role.groups() == session.groups()
    return asked == said or (said.startswith(f"{asked}:") and said != f"{asked}:")
