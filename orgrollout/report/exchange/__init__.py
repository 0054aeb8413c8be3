"""Coverage in the formats that other programs read: JUnit XML for CI, SARIF for code scanning."""
