"""Experiments on a live organization that answer what AWS leaves undocumented.

An experiment is a generator: it yields the calls it wants made and gets the responses, so that it
touches neither AWS nor a clock. What it makes, and how that is removed, is decided here, too.
"""
