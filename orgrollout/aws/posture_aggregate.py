"""What an organization's aggregator of AWS Config knows of rules, for all accounts at once."""

from collections.abc import Iterable, Mapping

from orgrollout.aws.connection import Connection
from orgrollout.model.ids import AccountId, Pair, Region


def aggregated_compliance(
    connection: Connection, aggregator: str, rules: Iterable[str]
) -> Mapping[tuple[str, Pair], str]:
    """Return how each rule stands in each account and Region that the aggregator knows.

    The aggregator is in the caller's account and home Region. What it says is as old as its last
    word from there, which it does not tell.

    Raises:
        AwsError: It cannot be asked, or there is none of that name.
    """
    found: dict[tuple[str, Pair], str] = {}
    for rule in sorted(set(rules)):
        asked = {
            "ConfigurationAggregatorName": aggregator,
            "Filters": {"ConfigRuleName": rule},
        }
        items = "AggregateComplianceByConfigRules"
        operation = "DescribeAggregateComplianceByConfigRules"
        for each in connection.pages("config", operation, asked, items):
            pair = Pair(AccountId(each["AccountId"]), Region(each["AwsRegion"]))
            found[each["ConfigRuleName"], pair] = each.get("Compliance", {}).get(
                "ComplianceType", "INSUFFICIENT_DATA"
            )
    return found
