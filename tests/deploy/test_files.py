"""The image, compose file and parts for Kubernetes fit each other, the app, nginx and coturn.

`tests/browser/hosting/test_container.py` runs the image's steps.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest
import yaml

from app.core.server.end import READY_PATH
from app.core.server.metrics import GAUGES
from app.core.settings import DRAIN_SECONDS, SETTINGS
from app.core.settings import ROOT as APP_ROOT
from tests.deploy.files import DEPLOY, compose, context, environment, ignored, stages, values
from tests.samples import ROOT


def test_the_image_runs_as_nobody_in_particular_and_says_whether_it_is_well() -> None:
    image = stages()[-1]
    [user] = values(image, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    [check] = values(image, "HEALTHCHECK")
    assert "/_stcore/health" in check
    assert values(image, "STOPSIGNAL") == ["SIGTERM"]
    assert environment(image)["HOME"] == "/tmp"
    assert APP_ROOT == ROOT  # the app finds its files from where it lies


def test_both_stages_have_the_same_python_which_is_a_version_of_the_project() -> None:
    [(build, _), (image, _)] = [(values(stage, "FROM")[0].split()[0], stage) for stage in stages()]
    assert build == image
    assert re.fullmatch(r"python:3\.1[1-3]-slim-\w+", image)


def test_it_has_all_of_the_app_and_of_the_package() -> None:
    copied = [source for rest in values(stages()[-1], "COPY") for source in rest.split()[:-1]]
    assert {"app", "fer", "models", "serve.py", "streamlit_app.py", ".streamlit"} <= set(copied)
    given = context()
    for name in ("app/pages/live.py", "models/compact/spec.json", ".streamlit/config.toml"):
        assert name in given


@pytest.mark.parametrize(
    "name",
    [
        ".streamlit/secrets.toml",
        "models/compact/mistakes.json",
        "models/compact/other_data.json",
        "app/__pycache__/a.pyc",
        "models/.fine-tuning-1/model.keras",
        "ondevice/node_modules/a/b.js",
        "deploy/.env",
        ".git/config",
        "tests/conftest.py",
        "shared/photos/a.jpg",
    ],
)
def test_what_a_machine_keeps_for_itself_stays_out(name: str) -> None:
    assert ignored(name)


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
        asked = set(service["environment"]) - {"STREAMLIT_SERVER_PORT", "FORWARDED_ALLOW_IPS"}
        assert asked <= set(SETTINGS)
    assert "STREAMLIT_SERVER_PORT" in environment(stages()[-1])


def test_a_replica_may_finish_before_it_is_killed() -> None:
    for service in APPS.values():
        grace = float(service["stop_grace_period"].removesuffix("s"))
        assert grace > float(service["environment"][DRAIN_SECONDS.name]) + 10


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


TURN = (DEPLOY / "turnserver.conf").read_text(encoding="utf-8")


def relayed_to(address: str) -> bool:
    """Return whether coturn relays to an address.

    Never by itself to an unspecified one. It orders those of IPv4 before those of IPv6, and takes
    a range that begins with an unspecified one as open: from `::` on, all of IPv4 is denied too.
    """

    def place(text: str) -> tuple[int, int]:
        found = ipaddress.ip_address(text)
        return found.version, int(found)

    ranges = [line.split("-") for line in re.findall(r"^denied-peer-ip=(.+)$", TURN, re.MULTILINE)]
    denied = any(
        (place(first)[1] == 0 or place(first) <= place(address)) and place(address) <= place(last)
        for first, last in ranges
    )
    return place(address)[1] != 0 and not denied


#: Of machines alone, and what stands for addresses of IPv4, such as theirs.
PRIVATE = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16
198.18.0.0/15 240.0.0.0/4 fc00::/7 fe80::/10
::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/32 2002::/16
"""


@pytest.mark.parametrize("network", PRIVATE.split())
def test_nobody_reaches_a_private_network_through_the_relay(network: str) -> None:
    within = ipaddress.ip_network(network)
    assert not relayed_to(str(within[0]))
    assert not relayed_to(str(within[-1]))


@pytest.mark.parametrize("address", ["8.8.8.8", "203.0.113.7", "2606:4700::1", "2a00:1450::1"])
def test_the_internet_is_reached_through_the_relay(address: str) -> None:
    assert relayed_to(address)


def test_what_all_relays_carry_together_is_bounded() -> None:
    bound = {k: int(v) for k, v in re.findall(r"^([a-z-]+)=(\d+)$", TURN, re.MULTILINE)}
    assert 375_000 < bound["max-bps"] <= 500_000, "a video has 3 Mbit/s"
    assert bound["total-quota"] == bound["bps-capacity"] // bound["max-bps"] == 100
    assert 2 * bound["total-quota"] <= bound["max-port"] - bound["min-port"]


def test_cookies_are_for_tls_alone_and_addresses_are_those_of_visitors() -> None:
    assert "proxy_cookie_flags ~ secure;" in NGINX
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    [subnet] = compose()["networks"]["site"]["ipam"]["config"]
    for service in APPS.values():
        assert service["environment"]["FORWARDED_ALLOW_IPS"] == subnet["subnet"]


PARTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8"))
)


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [part for part in PARTS if part["kind"] == kind]


POD = of_kind("StatefulSet")[0]["spec"]["template"]["spec"]
[APP] = POD["containers"]


def test_a_pod_may_finish_before_it_is_killed() -> None:
    settings = {one["name"]: one.get("value") for one in APP["env"]}
    assert set(settings) - {"FORWARDED_ALLOW_IPS"} <= set(SETTINGS)
    assert POD["terminationGracePeriodSeconds"] > int(settings[DRAIN_SECONDS.name]) + 10


def test_it_runs_as_the_image_does_and_is_asked_where_the_app_answers() -> None:
    user = POD["securityContext"]
    assert f"{user['runAsUser']}:{user['runAsGroup']}" == values(stages()[-1], "USER")[0]
    assert APP["securityContext"]["readOnlyRootFilesystem"] is True
    assert APP["volumeMounts"][0]["mountPath"] == "/tmp"
    assert APP["readinessProbe"]["httpGet"]["path"] == READY_PATH
    assert APP["livenessProbe"]["httpGet"]["path"] == "/_stcore/health"


def test_nginx_finds_every_replica_while_it_drains_too() -> None:
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    services = of_kind("Service")
    found = {(one["metadata"]["name"], str(one["spec"]["ports"][0]["port"])) for one in services}
    assert found == set(re.findall(r"server (app\d):(\d+)", nginx))
    assert all(one["spec"]["publishNotReadyAddresses"] for one in services)
    assert of_kind("HorizontalPodAutoscaler")[0]["spec"]["maxReplicas"] == len(services)


def test_it_grows_with_a_figure_that_there_is() -> None:
    [metric] = of_kind("HorizontalPodAutoscaler")[0]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in GAUGES
