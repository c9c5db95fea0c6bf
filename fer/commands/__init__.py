"""The commands of ``fer-lens``: each module adds its parser and runs its command."""
