"""What an operator tells the people in front of a camera. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from app.core.settings import NOTICE_CONTACT, NOTICE_OPERATOR, NOTICE_PURPOSE

#: In place of what is not set, to be filled in by hand.
_BLANK = "<span></span>"

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
    """Who uses the camera, and what for.

    Attributes:
        operator: who is responsible; empty if nobody has set it.
        contact: how to reach them; may be empty.
        purpose: what for; may be empty.
    """

    operator: str = ""
    contact: str = ""
    purpose: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Notice:
        """Return what is set.

        Args:
            settings: environment variables and secrets.
        """
        return cls(
            *(one.text(settings) for one in (NOTICE_OPERATOR, NOTICE_CONTACT, NOTICE_PURPOSE))
        )

    def page(self) -> str:
        """Return an HTML page to print, with lines to fill in by hand for what is not set."""
        parts = {"operator": self.operator, "contact": self.contact, "purpose": self.purpose}
        return _PAGE.format(**{name: escape(text) or _BLANK for name, text in parts.items()})
