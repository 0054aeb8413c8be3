"""Where decisions meet AWS and the journal: what is read, planned, committed and sent."""
