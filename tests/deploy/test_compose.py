"""The compose file fits the app, the Dockerfile, nginx's and coturn's configuration."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.common.settings import SETTINGS
from app.serving.drain import DRAIN_VARIABLE
from tests.deploy.files import DEPLOY, compose, environment, stages, values

NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
TEXT = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
APPS = {name: service for name, service in SERVICES.items() if name.startswith("app")}


def test_each_replica_is_where_nginx_looks_for_it() -> None:
    wanted = set(re.findall(r"server (app\d):(\d+)", NGINX))
    assert {(n, s["environment"]["STREAMLIT_SERVER_PORT"]) for n, s in APPS.items()} == wanted
    hosts = {f"{n}:{s['networks']['site']['ipv4_address']}" for n, s in APPS.items()}
    assert set(SERVICES["nginx"]["extra_hosts"]) == hosts
    listens = set(re.findall(r"listen (\d+)", NGINX))
    assert {port.split(":")[1] for port in SERVICES["nginx"]["ports"]} == listens


def test_every_setting_is_one_that_the_app_reads() -> None:
    for service in APPS.values():
        asked = set(service["environment"]) - {"STREAMLIT_SERVER_PORT"}
        assert asked <= set(SETTINGS)
    assert "STREAMLIT_SERVER_PORT" in environment(stages()[-1])


def test_a_replica_may_finish_before_it_is_killed() -> None:
    for service in APPS.values():
        grace = float(service["stop_grace_period"].removesuffix("s"))
        assert grace > float(service["environment"][DRAIN_VARIABLE]) + 10


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_can_do_more_than_he_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) in ([], ["NET_BIND_SERVICE"])
    assert "privileged" not in service


def test_the_replicas_run_as_the_image_does() -> None:
    assert {service["user"] for service in APPS.values()} == set(values(stages()[-1], "USER"))


def test_nothing_secret_stands_in_a_file_and_each_variable_is_in_the_example() -> None:
    variables = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    example = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "example.env").read_text(), re.MULTILINE))
    assert variables == set(example)
    assert example["TURN_SECRET"] == example["FER_OPERATOR_PASSWORD"] == ""
    for file in ("turnserver.conf", "nginx.conf"):
        assert "secret=" not in (DEPLOY / file).read_text(encoding="utf-8")


def test_what_is_mounted_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (DEPLOY / source).is_file()
