"""The sandbox on a port of this machine, in this process or in the background."""
