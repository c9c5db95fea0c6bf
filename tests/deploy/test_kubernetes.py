"""The parts for Kubernetes fit the image, the app and nginx's configuration."""

from __future__ import annotations

import re
from typing import Any

import yaml

from app.core.server.end import READY_PATH
from app.core.server.metrics import GAUGES
from app.core.settings import DRAIN_SECONDS, SETTINGS
from tests.deploy.files import DEPLOY, stages, values

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
