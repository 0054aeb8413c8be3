"""What an organization's aggregator of AWS Config knows of a rule, for all accounts at once."""

from collections.abc import Iterator

from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import AccountId, Pair, Region


def aggregated_compliance(
    connection: Connection, aggregator: str, rule: str
) -> Iterator[tuple[Pair, str]]:
    """Yield how a rule stands in each account and Region that the aggregator knows.

    The aggregator is in the caller's account and home Region. What it says is as old as its last
    word from there, which it does not tell.

    Raises:
        AwsError: It cannot be asked, or there is none of that name.
    """
    asked = {"ConfigurationAggregatorName": aggregator, "Filters": {"ConfigRuleName": rule}}
    operation = "DescribeAggregateComplianceByConfigRules"
    for each in connection.pages("config", operation, asked, "AggregateComplianceByConfigRules"):
        compliance = each.get("Compliance", {}).get("ComplianceType", "INSUFFICIENT_DATA")
        yield Pair(AccountId(each["AccountId"]), Region(each["AwsRegion"])), compliance
