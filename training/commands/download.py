"""``python -m training download``: download FER2013 from Kaggle."""

from __future__ import annotations

import argparse

from training.data.download import download

HELP = "fetch FER2013 from Kaggle with kagglehub"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: kagglehub determines the location of its cache."""


def run(arguments: argparse.Namespace) -> int:
    """Download the data set and print its location; return the exit status."""
    folder = download()
    print(folder)
    print(f'Next: python -m training data --data "{folder}"')
    return 0
