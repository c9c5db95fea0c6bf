"""The law of the European Union about reading expressions, in plain words. No Streamlit."""

#: When this was looked up, and what it is not.
STATE = (
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

DUTIES = """
1. Not at work, at school or in hiring. Elsewhere, ask whether it is needed at all.
2. Hang up the notice below, or show it on the screen, **before** anybody is seen.
3. Let people say no, and have another way for them.
4. Keep the downloads only as long as you need them: they are about people.
"""

#: What the sources are, for small print.
SOURCES = (
    f"Sources: [Regulation (EU) 2024/1689]({_ACT}); the Commission's guidelines on prohibited "
    f"practices, C(2025) 5052; Regulation (EU) 2016/679 (GDPR); EDPB, Guidelines 05/2022. That "
    "faces tell little about feelings: Barrett et al. 2019, "
    "[doi 10.1177/1529100619832930](https://doi.org/10.1177/1529100619832930)."
)
