"""Bucket policies and service-linked roles, made through moto's S3 and IAM."""

OTHER_TYPES: dict[str, type] = {}
