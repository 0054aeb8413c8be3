"""The APIs that the sandbox answers, one module for one family of calls."""
