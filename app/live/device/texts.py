"""All words of the mode on the visitor's own device. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

#: What the browser shows itself; names in braces are filled in there.
IN_BROWSER: Mapping[str, str] = {
    "start": "Start",
    "stop": "Stop",
    "chooseCamera": "Choose camera",
    "idle": "Your camera's picture appears here, and does not leave your device.",
    "loading": "Getting ready …",
    "loadingBytes": "Loading what your device needs: {loaded} of {total} MB",
    "preparing": "Getting the networks ready …",
    "paused": "Paused while this page is in the background.",
    "ended": "The camera is off.",
    "failed": "The camera is off.",
    "unable": "This browser cannot analyse by itself.",
    "notConnected": "Not connected: the analysis goes on, and its results wait here.",
    "muted": "The camera gives no picture at the moment.",
    "slow": "This device is slow, so fewer frames are analysed; the video goes on.",
    "or": "or",
    "person": "Person {number}",
    "pictureWithoutFace": "Your camera's picture: no face is marked.",
    "pictureWithFaces": "Your camera's picture with marked faces: {faces}.",
}

#: Said in the place of what the server shows, while the browser has no connection to it.
WITHOUT_SERVER = (
    "The analysis goes on on your device, and its results wait in this tab: keep it open. They "
    "come here with the connection; if the server was restarted, what it had before is gone."
)

#: Why a browser cannot analyse at all, or an analysis on the device ended, by the code in its
#: report, in Markdown.
PROBLEMS: Mapping[str, str] = {
    "runtime": "**This server has nothing to hand out that would run on your device.**",
    "worker": (
        "**This browser cannot analyse by itself.** It lacks workers that can read pictures; a "
        "newer version of it, or another browser, has them."
    ),
    "simd": (
        "**This browser cannot analyse by itself.** It lacks WebAssembly SIMD, or it is switched "
        "off; a newer version of it, or another browser, has it."
    ),
    "memory": "**This device has too little memory** to analyse by itself.",
    "network": (
        "**What your device needs could not be loaded.** Look whether you are connected, and press "
        "Start again."
    ),
    "integrity": (
        "**What was loaded is not what this server sent**, so it was not run. Something on the way "
        "changes files. Reload the page, and try again."
    ),
    "analysis": "**The analysis on your device has stopped.** Reload the page, and try again.",
}


def explained(code: str) -> str:
    """Return the words for a code, in Markdown; those for a failed analysis if it is unknown."""
    return PROBLEMS.get(code, PROBLEMS["analysis"])
