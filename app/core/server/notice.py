"""What stands on all pages: who uses the camera, and whether the server ends; and the law."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import streamlit as st

from app.core.components import mount
from app.core.layout import show_cards
from app.core.server.end import READY_PATH, THIS_SERVER
from app.core.session.session_store import KEEP_SECONDS
from app.core.session.tabs import this_tab
from app.core.settings import NOTICE_CONTACT, NOTICE_OPERATOR, NOTICE_PURPOSE
from app.core.text import escape_markdown

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Notice: a camera here reads facial expressions</title>
<style>
  @page {{ size: A4; margin: 18mm; }}
  body {{ font: 15pt/1.45 system-ui, sans-serif; max-width: 174mm; margin: 8mm auto;
         padding: 0 4mm; color: #16151b; background: #fff; }}
  h1 {{ font-size: 30pt; line-height: 1.15; margin: 0 0 8mm; }}
  h2 {{ font-size: 15pt; margin: 6mm 0 1mm; }}
  p {{ margin: 0; }}
  span {{ display: inline-block; width: 100%; height: 1.6em; border-bottom: 1.5px solid #16151b; }}
  small {{ display: block; margin-top: 8mm; font-size: 10.5pt; color: #55545c; }}
</style>
<h1>A camera here reads facial expressions</h1>
<p>Software marks the faces in its picture and estimates which expression each one shows. It can be
wrong, and an expression does not say what you feel.</p>
<h2>Who is responsible</h2><p>{operator}</p>
<h2>What it is for</h2><p>{purpose}</p>
<h2>What happens to the picture</h2>
<p>Each frame is analysed and dropped; nothing is recorded. Times, places in the picture and
probabilities stay in the session's memory, and longer only if somebody saves them. Nobody is
identified: people are told apart by place and by the colours of hair and clothes, until the session
ends.</p>
<h2>What you can do</h2>
<p>You may stay out of the picture. You may ask what is kept about you, have it deleted, and object;
and you may complain to your data protection authority. Write to:</p>
<p>{contact}</p>
<small>Meant for Art. 50(3) of the AI Act, (EU) 2024/1689, and Art. 13 of the GDPR. Who hangs it up
has to check that it is true and enough. Software: FER Lens.</small>
</html>
"""


@dataclass(frozen=True)
class Notice:
    """Who uses the camera, how to reach them, and what for; empty where nobody has set it."""

    operator: str = ""
    contact: str = ""
    purpose: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, str] = os.environ) -> Notice:
        """Return what is set in the environment or the secrets."""
        settable = (NOTICE_OPERATOR, NOTICE_CONTACT, NOTICE_PURPOSE)
        return cls(*(one.text(settings) for one in settable))

    def page(self) -> str:
        """Return an HTML page to print, with lines to fill in by hand for what is not set."""
        parts = {"operator": self.operator, "contact": self.contact, "purpose": self.purpose}
        return _PAGE.format(
            **{name: escape(text) or "<span></span>" for name, text in parts.items()}
        )


#: When this was looked up, and what it is not.
LAW_STATE = (
    "As of November 2026, and not legal advice: ask somebody who knows the law where you are, and "
    "look up the dates."
)

_ACT = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"

AI_ACT = f"""
The [AI Act]({_ACT}) speaks of systems that infer emotions from faces. FER Lens names what a face
looks like; whoever concludes from that how somebody feels uses it as such a system.

- **At work and in education it is forbidden**, except for medical or safety reasons, since 2
  February 2025 (Art. 5(1)(f)). The Commission counts hiring in.
- **Elsewhere people must be told** before the camera sees them, since 2 August 2026 (Art. 50(3)).
- **Elsewhere it is high-risk**, with duties for who offers and who uses it (Annex III 1(c)):
  reported as moved to 2 December 2027. We have not seen that in the Official Journal.
- The exemption for open source does not cover these uses (Art. 2(12)).
- To see that somebody smiles is not yet to infer an emotion (recital 18); to use it for that is.
"""

GDPR = """
- **Faces are personal data.** Whoever points the camera needs a reason that the GDPR allows, must
  say so, and must answer people who ask (Art. 6, 13 to 22).
- **Nobody is identified here.** People in a video are told apart by where they are and by the
  colours of hair and clothes, within one session. FER Lens makes no face embedding and compares no
  face with any other session or list.
- Expressions alone are then not data of a special category, as the European Data Protection Board
  sees it (Guidelines 05/2022, § 14). That changes with names or face recognition beside it.
"""

LAW_DUTIES = """
1. Not at work, at school or in hiring. Elsewhere, ask whether it is needed at all.
2. Hang up the notice below, or show it on the screen, **before** anybody is seen.
3. Let people say no, and have another way for them.
4. Keep the downloads only as long as you need them: they are about people.
"""

#: What the sources are, for small print.
LAW_SOURCES = (
    f"Sources: [Regulation (EU) 2024/1689]({_ACT}); the Commission's guidelines on prohibited "
    f"practices, C(2025) 5052; Regulation (EU) 2016/679 (GDPR); EDPB, Guidelines 05/2022. That "
    "faces tell little about feelings: Barrett et al. 2019, "
    "[doi 10.1177/1529100619832930](https://doi.org/10.1177/1529100619832930)."
)

#: What the script of `show_server_notice` says.
_TEXTS = {
    "cut": "Not connected",
    "waits": "What is on this page stands still until the server answers again, which is tried all "
    "the time. If it was restarted meanwhile, the page begins anew, and what it had is gone. Live "
    "video on your device goes on: keep this tab open, its results wait here.",
    "draining": "This server is being updated",
    "save": "Finish, and download what you need before: what is on this page goes with its server.",
    "goOn": "Go on at the updated server",
    "begunAnew": "This page has begun anew",
    "gone": "The server that had it was stopped, or your connection was away for too long. Photos, "
    "recordings and results that were on the page are gone. Add your files again, or press Start. "
    "Live video that your device analyses goes on by itself.",
    "unknown": "Nothing is kept under this address any more",
    "kept": "Pages are kept for "
    f"{KEEP_SECONDS / 60:.0f} minutes after their tab is closed, and go when their server ends. "
    "Add your files again, or press Start.",
    "close": "Close",
}


def show_server_notice(*, finds_nothing: bool) -> None:
    """Put on the page what tells a visitor that the server ends or has ended, if it does.

    `finds_nothing` also tells that what the page's address leads to is not kept any more.
    """
    mount(
        "core/notice",
        {
            "visit": this_tab(),
            "server": THIS_SERVER.server if THIS_SERVER.ends_with_notice else "",
            "ask": READY_PATH,
            "unknown": finds_nothing,
            "texts": tuple(_TEXTS.items()),  # not a dict, for the reason in `mount`
        },
        "server_notice",
        on_back_change=lambda: None,  # the page is made anew, which is all
    )


def show_notice() -> None:
    """Show who uses the camera and what for, where the operator has set it."""
    notice = Notice.of()
    if not notice.operator:
        return
    text = f"**This page reads facial expressions**, run by {escape_markdown(notice.operator)}. "
    if notice.purpose:
        text += f"What for: {escape_markdown(notice.purpose)}. "
    text += "Nobody is identified, and no picture is kept after your visit."
    if notice.contact:
        text += f" Questions, and your rights: {escape_markdown(notice.contact)}."
    st.info(text, icon=":material/info:")


def show_law() -> None:
    """Show what the law of the European Union asks, and offer the notice to print."""
    st.subheader("If you point it at other people", anchor=False)
    cards = (":material/gavel: The EU's AI Act", ":material/policy: Data protection (GDPR)")
    show_cards(tuple(zip(cards, (AI_ACT, GDPR), strict=True)))
    with st.container(border=True):
        st.markdown("#### :material/fact_check: Before you start", anchors=False)
        st.markdown(LAW_DUTIES)
        st.download_button(
            "Notice to print (HTML)",
            Notice.of().page(),
            "notice.html",
            "text/html",
            icon=":material/print:",
            key="about_notice",
            on_click="ignore",
        )
    st.caption(LAW_STATE)
    st.caption(LAW_SOURCES)
