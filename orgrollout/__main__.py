"""`python -m orgrollout` is `orgrollout`."""

from orgrollout.cli.main import run

run()
