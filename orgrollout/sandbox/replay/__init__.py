"""A record is sent again to a sandbox, and where its answers differ is told."""
