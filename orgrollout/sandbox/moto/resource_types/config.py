"""AWS Config's resources, made through moto's Config service.

moto has no remediation configurations: they are kept here, and ``config_api`` answers
for them.
"""

import json
from typing import Any

from moto.config.models import ConfigBackend, config_backends

from orgrollout.sandbox.moto.resource_types.base import ProvidedResource

Remediations = dict[str, dict[str, Any]]
REMEDIATIONS: dict[tuple[str, str], Remediations] = {}
"""By account and Region, by rule."""


def _lower(value: Any) -> Any:
    """Return the names of the Config API for the names of the template."""
    if isinstance(value, dict):
        special = {"RoleARN": "roleARN", "SnsTopicARN": "snsTopicARN"}
        return {special.get(k, k[:1].lower() + k[1:]): _lower(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_lower(each) for each in value]
    return value


class _ConfigResource(ProvidedResource):
    @property
    def backend(self) -> ConfigBackend:
        """Return moto's Config of the account and Region."""
        return config_backends[self.account][self.region]


class ConfigurationRecorder(_ConfigResource):
    """A recorder; it records as soon as there is a delivery channel."""

    def make(self) -> None:
        """Put the recorder."""
        given = _lower(self.properties)
        given.pop("recordingMode", None)
        given["name"] = self.physical_resource_id
        self.backend.put_configuration_recorder(given)
        if self.backend.delivery_channels:
            self.backend.start_configuration_recorder(self.physical_resource_id)

    def unmake(self) -> None:
        """Delete the recorder, if it is still there."""
        if self.physical_resource_id in self.backend.recorders:
            self.backend.delete_configuration_recorder(self.physical_resource_id)

    @property
    def physical_resource_id(self) -> str:
        """The recorder's name."""
        return str(self.properties.get("Name", "default"))


class DeliveryChannel(_ConfigResource):
    """A delivery channel; putting it starts the recorder."""

    def make(self) -> None:
        """Put the channel.

        CloudFormation waits until there is a recorder, and the recorder until there is a
        channel. moto refuses a channel without one, so that the channel is put straight
        into its state when it comes first.
        """
        given = {**_lower(self.properties), "name": self.physical_resource_id}
        recorders = self.backend.recorders
        if recorders:
            self.backend.put_delivery_channel(given)
        else:
            recorders["pending"] = None  # type: ignore[assignment]
            try:
                self.backend.put_delivery_channel(given)
            finally:
                del recorders["pending"]
        for name in list(recorders):
            self.backend.start_configuration_recorder(name)

    def unmake(self) -> None:
        """Stop the recorders and delete the channel, if it is still there."""
        for name in list(self.backend.recorders):
            self.backend.stop_configuration_recorder(name)
        if self.physical_resource_id in self.backend.delivery_channels:
            self.backend.delete_delivery_channel(self.physical_resource_id)

    @property
    def physical_resource_id(self) -> str:
        """The channel's name."""
        return str(self.properties.get("Name", "default"))


class ConfigRule(_ConfigResource):
    """A rule."""

    def make(self) -> None:
        """Put the rule."""
        given = {k: v for k, v in self.properties.items() if k != "ComplianceType"}
        if isinstance(given.get("InputParameters"), dict):
            given["InputParameters"] = json.dumps(given["InputParameters"])
        given["ConfigRuleName"] = self.physical_resource_id
        self.backend.put_config_rule(given)

    def unmake(self) -> None:
        """Delete the rule, if it is still there."""
        if self.physical_resource_id in self.backend.config_rules:
            self.backend.delete_config_rule(self.physical_resource_id)

    @property
    def physical_resource_id(self) -> str:
        """The rule's name."""
        return str(self.properties.get("ConfigRuleName", self.generated_name))

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return the rule's ARN or id."""
        rule = self.backend.config_rules[self.physical_resource_id]
        return str(rule.config_rule_arn if attribute_name == "Arn" else rule.config_rule_id)


class RemediationConfiguration(_ConfigResource):
    """The remediation of a rule's findings; recorded, since moto lacks it."""

    def make(self) -> None:
        """Keep the configuration."""
        place = REMEDIATIONS.setdefault((self.account, self.region), {})
        place[self.physical_resource_id] = dict(self.properties)

    def unmake(self) -> None:
        """Forget the configuration."""
        REMEDIATIONS.get((self.account, self.region), {}).pop(self.physical_resource_id, None)

    @property
    def physical_resource_id(self) -> str:
        """The rule's name."""
        return str(self.properties["ConfigRuleName"])


class ConfigurationAggregator(_ConfigResource):
    """An aggregator."""

    arn_format = "config:{region}:{account}:config-aggregator/{name}"

    def make(self) -> None:
        """Put the aggregator."""
        name = self.physical_resource_id
        self.backend.put_configuration_aggregator(
            {**self.properties, "ConfigurationAggregatorName": name}
        )

    def unmake(self) -> None:
        """Delete the aggregator, if it is still there."""
        if self.physical_resource_id in self.backend.config_aggregators:
            self.backend.delete_configuration_aggregator(self.physical_resource_id)


CONFIG_TYPES: dict[str, type[ProvidedResource]] = {
    "AWS::Config::ConfigurationRecorder": ConfigurationRecorder,
    "AWS::Config::DeliveryChannel": DeliveryChannel,
    "AWS::Config::ConfigRule": ConfigRule,
    "AWS::Config::RemediationConfiguration": RemediationConfiguration,
    "AWS::Config::ConfigurationAggregator": ConfigurationAggregator,
}
