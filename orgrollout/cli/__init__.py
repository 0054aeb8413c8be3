"""The command line. A command parses, calls, shows; what is slow to import waits until then."""
