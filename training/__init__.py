"""Train, export and evaluate networks on labelled faces. Only this package uses Keras."""
