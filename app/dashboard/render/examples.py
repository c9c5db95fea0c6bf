"""Pictures that the model read wrongly, where the operator has kept some of their own data."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.dashboard.text import SplitEvaluation
from fer.evaluation.report import Mistakes
from fer.text import chance

#: Displayed width of a face in pixels; four fit on a phone.
_WIDTH = 76


@dataclass(frozen=True)
class Examples:
    """The most confident mistakes of a model.

    Attributes:
        name: name of the model.
        mistakes: the mistakes; None if none were kept here.
    """

    name: str
    mistakes: Mistakes | None

    def show(self, chosen: SplitEvaluation, truth: str, answer: str) -> None:
        """Show the faces of one cell of the confusion matrix, or how to get them."""
        if self.mistakes is None or self.mistakes.split != chosen.split:
            self._offer(chosen.split)
            return
        if truth == answer:
            st.caption("For a cell off the diagonal, the most confident mistakes are shown here.")
            return
        found = self.mistakes.of(chosen.head, truth, answer)
        if not found:
            return
        st.caption(
            f"The most confident of these mistakes, from {self.mistakes.data} on this server:"
        )
        with st.container(horizontal=True, gap="small"):
            for mistake in found:
                with st.container(width=_WIDTH, gap="xxsmall"):
                    st.image(
                        mistake.png,
                        width=_WIDTH,
                        alt=f"A face labelled {truth}, called {answer}",
                    )
                    st.caption(chance(mistake.confidence), text_alignment="center")

    def _offer(self, split: str) -> None:
        with st.expander("See such faces from your own data", icon=":material/face:"):
            st.caption(
                "Run this where the data are. The faces stay on that machine; whoever can open "
                "this page there sees them."
            )
            st.code(
                f"python -m training mistakes --model models/{self.name} --data fer2013.csv"
                f"{'' if split == 'validation' else f' --split {split}'}",
                language="bash",
                wrap_lines=True,
            )
