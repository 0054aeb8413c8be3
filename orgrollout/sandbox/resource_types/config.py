"""AWS Config's recorder, delivery channel and rule, made through moto's Config service."""

CONFIG_TYPES: dict[str, type] = {}
