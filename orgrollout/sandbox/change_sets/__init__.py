"""Change sets in accounts: what they would do, and how they are carried out."""
