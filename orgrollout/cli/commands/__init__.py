"""The commands as typer sees them: arguments, options, help. What they do is in `cli/actions`."""
