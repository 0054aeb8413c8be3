"""An organization file with the shape of a real organization, by read-only calls.

Units, accounts, states, tags, Regions, delegated administrators and the stack sets that
exist (as a list for information). Anonymized, every name, id and tag value is replaced by
one that follows from it, so that equal things stay equal and nothing can be read back.
"""

import hmac
import secrets
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import boto3
from botocore.exceptions import ClientError

from orgrollout.sandbox.organization.model import LEGACY_PRINCIPAL, STACK_SETS_PRINCIPAL
from orgrollout.sandbox.organization.starter import dump_organization


def organization_from_aws(session: boto3.Session | None = None, *, anonymize: bool = False) -> str:
    """Return the text of an organization file that describes the caller's organization.

    Raises:
        ClientError: The caller may not read the organization.
    """
    return _Survey(session or boto3.Session(), anonymize=anonymize).text()


class _Survey:
    """Reads one organization."""

    def __init__(self, session: boto3.Session, *, anonymize: bool) -> None:
        self._organizations = session.client("organizations")
        self._cloudformation = session.client("cloudformation")
        self._ec2 = session.client("ec2")
        self._region = session.region_name or "us-east-1"
        # Drawn again at each run and kept nowhere, so that guessing names does not help.
        self._key = secrets.token_bytes(32) if anonymize else b""

    def text(self) -> str:
        own = self._organizations.describe_organization()["Organization"]
        root_id = self._pages("list_roots", "Roots").__next__()["Id"]
        management = own["MasterAccountId"]
        document: dict[str, Any] = {
            "organization": self._hidden(own["Id"], "o-", 10),
            "management_account": {"id": self._account_id(management), "name": "management"},
            "home_region": self._region,
            "regions": self._regions(),
            "root_id": self._hidden(root_id, "r-", 4),
            "delegated_administrators": self._delegates(),
            "root": self._unit(root_id, management),
            "stack_sets": list(self._stack_sets()),
        }
        heading = "The shape of an organization, read from AWS."
        if self._key:
            heading += "\nNames, ids and tag values are replaced."
        return dump_organization(document, heading)

    def _unit(self, parent_id: str, management: str) -> dict[str, Any]:
        accounts = [
            self._account(each)
            for each in self._pages("list_accounts_for_parent", "Accounts", ParentId=parent_id)
            if each["Id"] != management
        ]
        units = {}
        for each in self._pages(
            "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent_id
        ):
            given = (
                {"id": self._hidden(each["Id"], "ou-x000-", 12)}
                if self._key
                else {"id": each["Id"]}
            )
            units[self._name(each["Name"])] = {**given, **self._unit(each["Id"], management)}
        return {"accounts": accounts, "organizational_units": units}

    def _account(self, account: Any) -> dict[str, Any]:
        tags = self._pages("list_tags_for_resource", "Tags", ResourceId=account["Id"])
        found = {
            "name": self._name(account["Name"]),
            "id": self._account_id(account["Id"]),
            "state": account.get("State", account.get("Status", "ACTIVE")),
            "tags": {self._name(tag["Key"]): self._name(tag["Value"]) for tag in tags},
        }
        if not self._key:
            found["email"] = account["Email"]
        return found

    def _regions(self) -> list[str]:
        answer = self._ec2.describe_regions()["Regions"]
        return sorted(region["RegionName"] for region in answer)

    def _delegates(self) -> list[str]:
        found: dict[str, None] = {}
        for principal in (STACK_SETS_PRINCIPAL, LEGACY_PRINCIPAL):
            listed = self._pages(
                "list_delegated_administrators",
                "DelegatedAdministrators",
                ServicePrincipal=principal,
            )
            try:
                found.update({self._account_id(each["Id"]): None for each in listed})
            except ClientError as error:
                if error.response["Error"]["Code"] != "InvalidInputException":
                    raise
        return list(found)

    def _stack_sets(self) -> Iterator[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("list_stack_sets").paginate(Status="ACTIVE")
        for page in pages:
            for each in page["Summaries"]:
                model = each.get("PermissionModel", "SELF_MANAGED")
                yield {"name": self._name(each["StackSetName"]), "permission_model": model}

    def _pages(self, operation: str, key: str, **arguments: str) -> Iterator[Any]:
        call = getattr(self._organizations, operation)
        token: dict[str, str] = {}
        while True:
            answer = call(**arguments, **token)
            yield from answer.get(key, [])
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), sha256).hexdigest()

    def _name(self, text: str) -> str:
        return f"n{self._digest(text)[:10]}" if self._key else text

    def _hidden(self, identifier: str, prefix: str, length: int) -> str:
        return prefix + self._digest(identifier)[:length] if self._key else identifier

    def _account_id(self, account: str) -> str:
        if not self._key:
            return account
        return str(int(self._digest(account), 16))[:12]
