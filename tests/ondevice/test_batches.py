"""The limits of what a browser sends are within those of what is read."""

import json
import subprocess

from app.live.device.protocol import MAX_BATCH, MAX_BATCHES, MAX_MESSAGE
from fer.ondevice.wire import HEADER, MAX_FACES, MAX_OBSERVATIONS, face_type
from tests.ondevice.node import Node, node
from tests.samples import ROOT

SCRIPT = ROOT / "ondevice" / "fer_lens_ondevice" / "assets" / "page" / "protocol.js"


def test_what_a_browser_sends_is_not_too_much(js: Node) -> None:
    code = f"import('{SCRIPT.as_uri()}').then((m) => console.log(JSON.stringify(m.LIMITS)))"
    command = [node() or "node", "--input-type=module", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    limits = json.loads(done.stdout)
    assert limits["batchObservations"] <= MAX_OBSERVATIONS
    largest = HEADER.itemsize + MAX_FACES * face_type(99).itemsize
    longest = 4 / 3 * max(limits["batchBytes"], largest) + 4
    assert longest <= MAX_BATCH
    assert limits["messageBytes"] <= MAX_MESSAGE
    assert longest <= MAX_MESSAGE, "one batch at least is sent, however long"
    smallest = 4 / 3 * HEADER.itemsize
    assert limits["messageBytes"] / smallest <= MAX_BATCHES
