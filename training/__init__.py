"""Labelled faces → a trained network, its LiteRT file and its report. Keras lives only here."""
