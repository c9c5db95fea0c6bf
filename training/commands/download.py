"""``python -m training download``: FER2013 from Kaggle."""

from __future__ import annotations

import argparse

from training.data.download import download

HELP = "fetch FER2013 from Kaggle with kagglehub"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments: none; kagglehub decides where its cache is."""


def run(arguments: argparse.Namespace) -> int:
    """Fetch, and print where the data set is; return the exit status."""
    folder = download()
    print(folder)
    print(f'Next: python -m training data --data "{folder}"')
    return 0
