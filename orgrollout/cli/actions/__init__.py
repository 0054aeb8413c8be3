"""What each command does. One module for one command, imported when it runs."""
