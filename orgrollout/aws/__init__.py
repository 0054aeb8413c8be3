"""The one edge to AWS: translates, repeats throttled calls, keeps to one rate per API."""
