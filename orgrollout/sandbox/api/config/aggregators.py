"""AWS Config's aggregators: what an account sees of all others, without any delay."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.config.models import config_backends

from orgrollout.sandbox.api.config.evaluations import RuleEvaluations
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
LARGEST = 1000


class AggregatorApi:
    """The calls on what an aggregator has collected."""

    def __init__(
        self,
        organization: Organization,
        timeline: Timeline,
        is_enabled: Callable[[str, str], bool],
        evaluations: RuleEvaluations,
    ) -> None:
        self._organization = organization
        self._timeline = timeline
        self._is_enabled = is_enabled
        self._evaluations = evaluations

    def describe_aggregate_compliance_by_config_rules(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the compliance of rules in each account and Region."""
        aggregator = _aggregator(caller, params)
        filters = params.get("Filters") or {}
        found = (
            each
            for source in self._sources(aggregator)
            for each in self._rules_in(source)
            if _fits(each, filters)
        )
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit") or 100}
        items, token = responses.page(found, paging, largest=LARGEST)
        return {"AggregateComplianceByConfigRules": items, "NextToken": token}

    def get_aggregate_compliance_details_by_config_rule(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the compliance of resources of an account and Region with a rule."""
        aggregator = _aggregator(caller, params)
        source = (params["AccountId"], params["AwsRegion"])
        rules = _rules_of(source) if source in set(self._sources(aggregator)) else {}
        rule = rules.get(params["ConfigRuleName"])
        wanted = params.get("ComplianceType")
        account, region = source
        found = [
            {**each, "AccountId": account, "AwsRegion": region}
            for each in (
                self._evaluations.results(account, region, rule) if rule is not None else ()
            )
            if wanted in (None, each["ComplianceType"])
        ]
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit")}
        items, token = responses.page(found, paging)
        return {"AggregateEvaluationResults": items, "NextToken": token}

    def describe_configuration_aggregator_sources_status(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return whether the sources could be read."""
        aggregator = _aggregator(caller, params)
        now, home = self._timeline.now(), caller.region
        done = {"LastUpdateStatus": "SUCCEEDED", "LastUpdateTime": now}
        found: list[Answer] = []
        if aggregator.organization_aggregation_source is not None:
            own = {"SourceId": self._organization.id, "SourceType": "ORGANIZATION"}
            found.append({**own, "AwsRegion": home, **done})
        found += [
            {"SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region, **done}
            for account, region in self._sources(aggregator)
        ]
        wanted = params.get("UpdateStatus")
        shown = [each for each in found if not wanted or each["LastUpdateStatus"] in wanted]
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit")}
        items, token = responses.page(shown, paging)
        return {"AggregatedSourceStatusList": items, "NextToken": token}

    def _rules_in(self, source: tuple[str, str]) -> Iterator[Answer]:
        account, region = source
        for name, rule in _rules_of(source).items():
            yield {
                "ConfigRuleName": name,
                "Compliance": self._evaluations.compliance(account, region, rule),
                "AccountId": account,
                "AwsRegion": region,
            }

    def _sources(self, aggregator: Any) -> Iterator[tuple[str, str]]:
        """Yield the accounts and Regions that an aggregator collects from."""
        source = aggregator.organization_aggregation_source
        if source is not None:
            known = self._organization.accounts.values()
            yield from self._usable((a.id for a in known if a.state == "ACTIVE"), source)
        for each in aggregator.account_aggregation_sources or ():
            yield from self._usable(each.account_ids, each)

    def _usable(self, accounts: Any, source: Any) -> Iterator[tuple[str, str]]:
        regions = source.aws_regions or self._organization.regions
        for account in accounts:
            yield from ((account, each) for each in regions if self._is_enabled(account, each))


def _aggregator(caller: Caller, params: Mapping[str, Any]) -> Any:
    known = config_backends[caller.account][caller.region].config_aggregators
    found = known.get(params["ConfigurationAggregatorName"])
    if found is None:
        message = "The configuration aggregator does not exist. Check the name and try again."
        raise ApiError("NoSuchConfigurationAggregatorException", message)
    return found


def _rules_of(source: tuple[str, str]) -> Mapping[str, Any]:
    """Return the rules of an account and Region, without making moto begin with any."""
    regions = config_backends.get(source[0])
    backend = regions.get(source[1]) if regions is not None else None
    found: Mapping[str, Any] = backend.config_rules if backend is not None else {}
    return found


def _fits(found: Answer, filters: Mapping[str, str]) -> bool:
    seen = {**found, "ComplianceType": found["Compliance"]["ComplianceType"]}
    return all(seen[name] == value for name, value in filters.items())
