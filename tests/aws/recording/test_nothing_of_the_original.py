"""No account, name or address of the organization that was recorded is in the record."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orgrollout.aws.organizations import describe_organization, read_organization
from orgrollout.aws.recording.public_words import public_words
from orgrollout.model.ids import AccountId, Region
from orgrollout.sandbox import Sandbox
from tests.aws.recording.support import PUBLIC, deploy, recorded

ROLE = "OrganizationAccountAccessRole"
_PUBLIC = public_words([PUBLIC])
_WORD = re.compile(r"[^\W_]+")


def tells_something(name: str) -> bool:
    """Return whether a name could be told from what any record has."""
    words = _WORD.findall(name)
    return any(len(w) > 4 and not w.isdecimal() and w not in _PUBLIC for w in words)


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-.äÖßé漢"
NAMES = st.text(LETTERS, min_size=6, max_size=24).map(str.strip).filter(tells_something)
PLAIN = st.from_regex(r"[a-z][a-z0-9]{4,8}-[a-z]{5,9}", fullmatch=True).filter(tells_something)
IDS = st.from_regex(r"[1-8][0-9]{11}", fullmatch=True)


@st.composite
def organizations(draw: st.DrawFn) -> dict[str, Any]:
    """Return an organization with names that a person could have chosen."""
    ids = draw(st.lists(IDS, min_size=4, max_size=4, unique=True))
    names = draw(st.lists(NAMES, min_size=6, max_size=6, unique=True))
    local = draw(st.lists(PLAIN, min_size=3, max_size=3, unique=True))
    accounts = [
        {"id": id_, "name": name, "email": f"{who}@{who}.org", "tags": {names[4]: names[5]}}
        for id_, name, who in zip(ids, names, local, strict=False)
    ]
    return {
        "organization": draw(st.from_regex(r"o-[a-z0-9]{12}", fullmatch=True)),
        "root_id": draw(st.from_regex(r"r-[a-z0-9]{5}", fullmatch=True)),
        "management_account": {"id": ids[3], "name": names[3]},
        "home_region": "us-east-1",
        "root": {"organizational_units": {f"{names[4]}x": {"accounts": accounts}}},
    }


@settings(derandomize=True, max_examples=5, phases=[Phase.generate])  # shrinking takes minutes
@given(organizations(), st.lists(PLAIN, min_size=4, max_size=4, unique=True), NAMES)
def test_nothing_of_the_original_is_in_a_record(
    organization: dict[str, Any], words: list[str], described: str
) -> None:
    stack_set, role, bucket, value = words
    (unit, below), *_ = organization["root"]["organizational_units"].items()
    accounts = [*below["accounts"], organization["management_account"]]
    template = PUBLIC.replace("Resources", f"# {described}\nResources").replace("Topic", "Bus")
    with tempfile.TemporaryDirectory() as folder, Sandbox.start(organization) as sandbox:
        file = Path(folder) / "record.jsonl"
        with recorded(sandbox, file) as (connection, _):
            describe_organization(connection)
            read_organization(connection, with_tags=True)
            tags = [{"Key": value, "Value": f"{value}-{accounts[0]['id']}"}]
            deploy(connection, stack_set, template, Tags=tags, Description=described)
            sandbox.run_to_end()
            for operation in ("DescribeStackSet", "ListStackInstances", "ListStackSetOperations"):
                connection.call("cloudformation", operation, {"StackSetName": stack_set})
            sandbox.give_role(role)
            there = connection.in_account(
                AccountId(accounts[0]["id"]), role, Region("us-east-1"), read_only=False
            )
            there.call("sts", "GetCallerIdentity")
            there.call("s3", "CreateBucket", {"Bucket": f"{bucket}-{accounts[0]['id']}"})
            there.call("cloudformation", "DescribeStacks")
        units = list(sandbox.organization.units)
        text = "\n".join(
            json.dumps(json.loads(line), ensure_ascii=False)
            for line in file.read_text().splitlines()
        )

    kept = [each["id"] for each in accounts] + [each["name"] for each in accounts]
    kept += [each["email"] for each in below["accounts"]]
    kept += [organization["organization"], *units, unit, described, stack_set, role, bucket, value]
    assert [each for each in kept if each in text] == []
    told = {word for each in kept for word in _WORD.findall(each) if len(word) > 4}
    told -= _PUBLIC | set(_WORD.findall("example.com name mail caller"))
    assert [word for word in told if re.search(rf"(?<![^\W_]){word}(?![^\W_])", text)] == []
