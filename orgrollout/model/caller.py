"""Callers of AWS by their ARNs: whether two of them may be one person.

The ARN of a role session ends in a name that the caller may choose when assuming the role. Without
a chosen name, SDKs and services make one up, a different one for each process. Such names do not
tell people apart.
"""

import re
from dataclasses import dataclass

_SESSION = re.compile(
    r"arn:[\w-]+:sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/(?P<name>.+)"
)
_IDENTITY_CENTER = "AWSReservedSSO_"  # its sessions are named by the user, whatever the role
_MADE_UP = re.compile(
    r"""
      botocore-session-.* | aws-(go|dotnet)-sdk-.* | aws-sdk-.* | awscli-session.*
    | default_session                                   # of the SDK for Ruby
    | i-[0-9a-f]{8,17}                                  # an EC2 instance
    | .*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}       # a UUID: CodeBuild, EKS
    | [0-9a-f]{32}                                      # an ECS task
    | .*\d{10,}                                         # a time, in seconds or finer
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    account: str
    role: str
    name: str

    @property
    def is_made_up(self) -> bool:
        return _MADE_UP.fullmatch(self.name) is not None


def why_one_person(who: str, other: str) -> str:
    """Return why a caller may be the same person as another one, or nothing where that is not so.

    What cannot be told apart counts as one. Who has two roles, or two names for one role, is two.
    """
    mine, theirs = _session(who), _session(other)
    if mine is None or theirs is None:
        return "which is the same caller" if who == other else ""
    if all(each.role.startswith(_IDENTITY_CENTER) for each in (mine, theirs)):
        same = mine.name.casefold() == theirs.name.casefold()
        return "which is the same user of IAM Identity Center" if same else ""
    if (mine.account, mine.role) != (theirs.account, theirs.role):
        return ""
    if mine.is_made_up:
        return (
            f"and {mine.name} is a name that a tool made up, so that both may be one person; "
            "`role_session_name` in the profile gives a session the name of a person"
        )
    if theirs.is_made_up:
        return (
            f"and {theirs.name} is a name that a tool made up, so that any caller with that role "
            "may be that person; another role can approve, or begin again with "
            "`role_session_name` in the profile"
        )
    return "which is the same caller" if mine.name.casefold() == theirs.name.casefold() else ""


def _session(arn: str) -> _Session | None:
    found = _SESSION.fullmatch(arn)
    return _Session(**found.groupdict()) if found else None
