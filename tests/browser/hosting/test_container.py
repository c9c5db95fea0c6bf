"""The steps of `deploy/Dockerfile`, without Docker: a build, and the app as it runs in the image.

In a mount namespace of its own, where everything but `/tmp` is read-only, the app runs as the
image's user, without any capability.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.acts import sample_answered
from tests.browser.conftest import Open
from tests.browser.server import free_port, wait_until_healthy
from tests.deploy.files import copy, environment, stages, values

#: Debian's Python in place of the image's; that of a version manager lies in root's own folder.
PYTHON = Path("/usr/bin/python3")

BUILD, IMAGE = stages()


def missing() -> str:
    """Return why the steps cannot be run here."""
    if os.geteuid() != 0:
        return "only root can run the steps of the image"
    if not PYTHON.is_file() or not all(shutil.which(name) for name in ("unshare", "setpriv")):
        return f"{PYTHON}, unshare or setpriv is missing"
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True)
    return "" if probe.returncode == 0 else "this machine gives no mount namespaces"


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


def at(folder: Path, text: str) -> str:
    """Return what the Dockerfile says, with the folder in the image's place."""
    return text.replace(values(IMAGE, "WORKDIR")[0], str(folder))


def run(step: str, folder: Path, known: Mapping[str, str]) -> None:
    """Run a step of the Dockerfile."""
    done = subprocess.run(step, shell=True, cwd=folder, env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def image() -> Iterator[Path]:
    """The folder of the image, made by the Dockerfile's steps, where any user can read it."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp"))
    folder.chmod(0o755)
    copy(BUILD, folder)
    known = {name: at(folder, value) for name, value in environment(BUILD).items()}
    # Nothing else differs: Debian's Python, and files that uv has already are not copied.
    known |= {"UV_PYTHON": str(PYTHON), "UV_LINK_MODE": "hardlink", "UV_COMPILE_BYTECODE": "0"}
    for step in values(BUILD, "RUN"):
        if not step.startswith("pip install"):  # uv, which is here
            run(step, folder, os.environ | known)
    copy(IMAGE, folder)
    code = "import importlib.util as u; print(u.find_spec('tensorflow'), u.find_spec('keras'))"
    python = [folder / "venv" / "bin" / "python", "-c", code]
    assert subprocess.run(python, capture_output=True).stdout.split() == [b"None", b"None"]
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(image: Path, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Address and process of the app as the image runs it."""
    [user] = values(IMAGE, "USER")
    uid, gid = user.split(":")
    port = free_port()
    settings = environment(IMAGE) | {
        "PATH": f"{image}/venv/bin:/usr/bin:/bin",
        "STREAMLIT_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "FER_ICE": "local",
        "FER_LOG": "json",
    }
    rights = ["--reuid", uid, "--regid", gid, "--clear-groups", "--bounding-set=-all"]
    command = ["setpriv", *rights, "--no-new-privs", "env", "-i"]
    command += [f"{name}={value}" for name, value in settings.items()]
    command += json.loads(values(IMAGE, "CMD")[0])
    read_only = "mount -t tmpfs -o mode=1777 tmpfs /tmp && mount -o remount,bind,ro /"
    log = tmp_path / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["unshare", "-m", "bash", "-c", f"{read_only} && exec {shlex.join(command)}"],
            cwd=image,
            stdout=out,
            stderr=out,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(url, process, log)
        yield url, process
    finally:
        process.kill()
        process.wait(timeout=20)


def test_the_image_answers_and_ends_when_it_is_told(
    browser: Browser, open_page: Open, server: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    url, process = server
    page = open_page(browser, url)
    sample_answered(page)
    for path in ("video", "live?live=device", "own_data", "dashboard", "about"):
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
    page.context.close()  # nobody is left to wait for
    assert is_well(url.rsplit(":", 1)[1])
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert f"Uid:\t{values(IMAGE, 'USER')[0].split(':')[0]}\t" in status
    process.terminate()
    process.wait(timeout=60)
    assert not is_well(url.rsplit(":", 1)[1])
    said = (tmp_path / "log.txt").read_text()
    assert '"event": "draining"' in said
    assert "Traceback" not in said
    assert "ead-only file system" not in said


def is_well(port: str) -> bool:
    """Return what the image's health check says of a port."""
    [check] = values(IMAGE, "HEALTHCHECK")
    _, *rest = json.loads(check.split("CMD", 1)[1])
    known = os.environ | {"STREAMLIT_SERVER_PORT": port}
    return subprocess.run([PYTHON, *rest], env=known, capture_output=True).returncode == 0
