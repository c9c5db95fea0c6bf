"""The commands of ``python -m training``: each module adds its arguments and runs a command."""
