# libwaitq: SPDX-License-Identifier: MIT
# Copyright (c) 2026 The libwaitq authors
"""The objects fit one another, and the programs as they are."""

import json
import pathlib
import re
import subprocess
import tempfile
import time

import pytest
import yaml

from client import API, Client
from deployed import DEPLOY, SOURCE, arguments_of, manifests, pod_of
from processes import ADMIN_TOKEN, BACKEND, GATEWAY, Process, _first_line, gateway, redis

REPORT_TOKEN = "token-of-backends-in-tests"
OBJECTS = manifests()
DEPLOYMENTS = ["waitq-gateway", "waitq-backend"]
GATEWAY_SPEC = OBJECTS["Deployment", "waitq-gateway"]["spec"]


def labels_of(name):
    return OBJECTS["Deployment", name]["spec"]["template"]["metadata"]["labels"]


def selects(selector, name):
    return selector.items() <= labels_of(name).items()


def test_the_set_names_every_file_and_every_image():
    content = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(content["resources"]) == sorted(files)
    images = {f"{image['name']}:{image['newTag']}" for image in content["images"]}
    assert images == {pod_of(name)["containers"][0]["image"] for name in DEPLOYMENTS}


def test_all_objects_are_in_one_namespace():
    assert {spec["metadata"].get("namespace") for (kind, _), spec in OBJECTS.items() if kind != "Namespace"} == {"waitq"}
    assert ("Namespace", "waitq") in OBJECTS


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployment_selects_its_own_pods_and_no_others(name):
    selector = OBJECTS["Deployment", name]["spec"]["selector"]["matchLabels"]
    assert [other for other in DEPLOYMENTS if selects(selector, other)] == [name]


@pytest.mark.parametrize("service, pods", [("waitq-gateway", "waitq-gateway"), ("waitq-gateway-pods", "waitq-gateway"),
                                           ("waitq-backend", "waitq-backend")])
def test_a_service_leads_to_a_port_of_its_pods(service, pods):
    spec = OBJECTS["Service", service]["spec"]
    assert [name for name in DEPLOYMENTS if selects(spec["selector"], name)] == [pods]
    ports = {port["name"] for port in pod_of(pods)["containers"][0]["ports"]}
    assert {port["targetPort"] for port in spec["ports"]} <= ports


def test_the_ingress_leads_to_a_port_of_a_service():
    for rule in OBJECTS["Ingress", "waitq-gateway"]["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            assert service["port"]["name"] in {port["name"] for port in OBJECTS["Service", service["name"]]["spec"]["ports"]}


def test_the_autoscaler_scales_the_gateway_which_says_no_number_itself():
    spec = OBJECTS["HorizontalPodAutoscaler", "waitq-gateway"]["spec"]
    target = spec["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"], target["name"]) == ("apps/v1", "Deployment", "waitq-gateway")
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 50)
    assert "replicas" not in GATEWAY_SPEC
    # A share of what is requested needs a request.
    assert {metric["resource"]["name"] for metric in spec["metrics"]} == {"cpu"}
    assert "cpu" in pod_of("waitq-gateway")["containers"][0]["resources"]["requests"]
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    assert up["stabilizationWindowSeconds"] < down["stabilizationWindowSeconds"]
    assert (up["selectPolicy"], down["selectPolicy"]) == ("Max", "Min")


def test_disruptions_are_limited_for_the_gateway():
    spec = OBJECTS["PodDisruptionBudget", "waitq-gateway"]["spec"]
    assert selects(spec["selector"]["matchLabels"], "waitq-gateway")
    assert spec["maxUnavailable"] < OBJECTS["HorizontalPodAutoscaler", "waitq-gateway"]["spec"]["minReplicas"]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_each_pod_has_a_policy_of_its_own_and_what_none_allows_is_refused(name):
    spec = OBJECTS["NetworkPolicy", name]["spec"]
    assert [other for other in DEPLOYMENTS if selects(spec["podSelector"]["matchLabels"], other)] == [name]
    ports = {port["name"] for port in pod_of(name)["containers"][0]["ports"]}
    assert {port["port"] for rule in spec["ingress"] for port in rule["ports"]} <= ports
    default = OBJECTS["NetworkPolicy", "default-deny"]["spec"]
    assert default == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_zones_and_machines_share_the_gateways():
    constraints = pod_of("waitq-gateway")["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in constraints] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert all(selects(one["labelSelector"]["matchLabels"], "waitq-gateway") for one in constraints)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_pod_may_do_nothing_that_it_need_not(name):
    """The profile "restricted" of Kubernetes' pod security standards, which the namespace enforces"""
    pod, container = pod_of(name), pod_of(name)["containers"][0]
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & pod.keys()
    assert {volume.keys() - {"name"} <= {"secret", "configMap"} for volume in pod["volumes"]} == {True}
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    assert not any("hostPort" in port for port in container["ports"])
    labels = OBJECTS["Namespace", "waitq"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    account = OBJECTS["ServiceAccount", pod["serviceAccountName"]]
    assert (pod["automountServiceAccountToken"], account["automountServiceAccountToken"]) == (False, False)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_what_a_pod_mounts_is_there(name):
    pod, container = pod_of(name), pod_of(name)["containers"][0]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    for volume in pod["volumes"]:
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in OBJECTS
        else:
            assert volume["secret"]["defaultMode"] == 0o440
    folders = {mount["mountPath"] for mount in container["volumeMounts"]}
    files = [value for value in arguments_of(name).values() if value.startswith("/")]
    assert files and all(str(pathlib.PurePosixPath(file).parent) in folders for file in files)


def test_the_page_says_how_each_secret_is_made():
    page = (SOURCE / "docs/deployment.md").read_text()
    made = {name: set(re.findall(r"--from-(?:file|literal)=([\w-]+)", options))
            for name, options in re.findall(r"create secret generic ([\w-]+)((?:[^\n]*\\\n)*[^\n]*)", page)}
    wanted = {name: set() for name in DEPLOYMENTS}
    for name in DEPLOYMENTS:
        for volume in pod_of(name)["volumes"]:
            secret = volume.get("secret", {"secretName": name, "items": []})
            wanted[secret["secretName"]] |= {item["key"] for item in secret["items"]}
        for variable in pod_of(name)["containers"][0]["env"]:
            reference = variable["valueFrom"]["secretKeyRef"]
            wanted[reference["name"]].add(reference["key"])
    assert made == wanted


def test_nothing_secret_is_on_a_command_line_or_in_the_files():
    assert not [kind for kind, _ in OBJECTS if kind == "Secret"]
    variables = {"waitq-gateway": ["WAITQ_STORE", "WAITQ_REPORT_TOKEN"], "waitq-backend": ["WAITQ_REPORT_TOKEN"]}
    for name in DEPLOYMENTS:
        container = pod_of(name)["containers"][0]
        assert [variable["name"] for variable in container["env"]] == variables[name]
        assert all("value" not in variable for variable in container["env"])
        assert not {"store", "admin-token"} & arguments_of(name).keys()
        assert "$(" not in " ".join(container["args"])


def test_a_pod_has_the_memory_that_is_specified_and_a_loop_for_each_processor():
    resources = pod_of("waitq-gateway")["containers"][0]["resources"]
    assert resources["limits"]["memory"] == resources["requests"]["memory"] == "50Mi"
    assert arguments_of("waitq-gateway")["threads"] == resources["limits"]["cpu"]


def test_a_pod_is_given_the_time_to_end_that_it_takes():
    arguments = arguments_of("waitq-gateway")
    delay, timeout = float(arguments["drain-delay"]), float(arguments["drain-timeout"])
    assert GATEWAY_SPEC["template"]["spec"]["terminationGracePeriodSeconds"] >= delay + timeout + 5
    probe = pod_of("waitq-gateway")["containers"][0]["readinessProbe"]
    # Whoever balances has to have heard of the end before connections are refused.
    assert delay >= 2 * probe["periodSeconds"] * probe["failureThreshold"]


@pytest.mark.parametrize("name, program", [("waitq-gateway", GATEWAY), ("waitq-backend", BACKEND)])
def test_every_argument_is_one_that_the_program_knows(name, program):
    said = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
    known = set(re.findall(r"^  --([a-z-]+)", said, re.M))
    assert arguments_of(name).keys() <= known


@pytest.fixture(scope="module")
def folder():
    """What the pods find in their volumes"""
    with tempfile.TemporaryDirectory() as path:
        files = pathlib.Path(path)
        (files / "secret").mkdir()
        (files / "events").mkdir()
        (files / "secret/keys").write_text("2026-a hs256 " + "5c" * 32 + "\n")
        (files / "secret/admin-token").write_text(ADMIN_TOKEN + "\n")
        (files / "events/events.json").write_text(OBJECTS["ConfigMap", "waitq-events"]["data"]["events.json"])
        yield files


def words_for_here(name, folder, **changed):
    arguments = {option: value.replace("/etc/waitq", str(folder)) for option, value in arguments_of(name).items()}
    return [f"--{option}={value}" for option, value in {**arguments, **changed}.items()]


@pytest.fixture(scope="module")
def running(folder):
    """The gateway with the arguments of its Deployment"""
    with redis() as store, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAITQ_STORE", store.uri)
        patch.setenv("WAITQ_REPORT_TOKEN", REPORT_TOKEN + "\n")  # a secret that was made of a line
        words = words_for_here("waitq-gateway", folder, **{"drain-delay": "0"})
        with gateway(*[word for word in words if not word.startswith("--listen")], admin=False) as process:
            yield process


@pytest.fixture
def client(running):
    with Client(running.port) as one:
        yield one


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_probe_of_the_gateway_is_answered(client, probe):
    container = pod_of("waitq-gateway")["containers"][0]
    asked = container[probe]["httpGet"]
    assert client.ask("GET", asked["path"]).status == 200
    assert asked["port"] in {port["name"] for port in container["ports"]}
    assert container["ports"][0]["containerPort"] == int(arguments_of("waitq-gateway")["listen"].rpartition(":")[2])


def test_the_annotations_lead_to_the_metrics(client):
    annotations = GATEWAY_SPEC["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scrape"] == "true"
    assert "waitq_gateway_requests_total" in client.ask("GET", annotations["prometheus.io/path"]).bytes.decode()
    assert int(annotations["prometheus.io/port"]) == pod_of("waitq-gateway")["containers"][0]["ports"][0]["containerPort"]


def test_the_events_of_the_configuration_are_served_and_no_others(client):
    for name, policy in json.loads(OBJECTS["ConfigMap", "waitq-events"]["data"]["events.json"])["events"].items():
        assert client.join(name).status == 202
        text = client.ask("GET", "/metrics").bytes.decode()
        assert f'waitq_room_rate_per_second{{room="{name}"}} {policy["rate_per_s"]}\n' in text
    assert client.join("something-else").code == "INVALID_REQUEST"


def test_the_admin_token_of_the_secret_is_the_one(client):
    assert client.admin("stats", "GET").status == 200
    assert client.admin("stats", "GET", token="x" * 20).status in (401, 403)


@pytest.fixture(scope="module")
def backend_port(folder, running):
    """Of a backend with the arguments of its Deployment, but for where it is and where gateways are"""
    words = words_for_here("waitq-backend", folder, listen="127.0.0.1:0", report=f"http://127.0.0.1:{running.port}")
    process = Process([BACKEND, *words], {"WAITQ_REPORT_TOKEN": REPORT_TOKEN + "\n"})
    try:
        yield int(_first_line(process.child, 30).strip().rpartition(":")[2])
    finally:
        assert process.stop() == 0


def test_a_probe_of_the_backend_is_answered(backend_port):
    container = pod_of("waitq-backend")["containers"][0]
    assert container["ports"][0]["containerPort"] == int(arguments_of("waitq-backend")["listen"].rpartition(":")[2])
    with Client(backend_port) as client:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert client.ask("GET", container[probe]["httpGet"]["path"]).status == 200
        annotations = OBJECTS["Deployment", "waitq-backend"]["spec"]["template"]["metadata"]["annotations"]
        assert "waitq_backend_" in client.ask("GET", annotations["prometheus.io/path"]).bytes.decode()
        assert int(annotations["prometheus.io/port"]) == container["ports"][0]["containerPort"]


def test_reports_of_the_backend_are_taken_and_its_event_follows_them(backend_port, client):
    event = arguments_of("waitq-backend")["event"]
    end = time.monotonic() + 30
    with Client(backend_port) as back:
        while 'waitq_backend_reports_total{result="taken"} 0\n' in back.ask("GET", "/metrics").bytes.decode():
            assert time.monotonic() < end
            time.sleep(0.05)
    assert f'waitq_gateway_adapt_sources{{room="{event}"}} 1\n' in client.ask("GET", "/metrics").bytes.decode()
    adapt = json.loads(OBJECTS["ConfigMap", "waitq-events"]["data"]["events.json"])["events"][event]["adapt"]
    assert adapt["max_rate_per_s"] <= float(arguments_of("waitq-backend")["rate"])


def test_the_backend_reports_to_a_name_that_has_the_address_of_every_gateway():
    host, port = re.fullmatch(r"http://([a-z-]+):(\d+)", arguments_of("waitq-backend")["report"]).groups()
    service = OBJECTS["Service", host]["spec"]
    assert service["clusterIP"] == "None" and service["publishNotReadyAddresses"] is True
    assert selects(service["selector"], "waitq-gateway")
    # Such a name maps no ports.
    assert int(port) == pod_of("waitq-gateway")["containers"][0]["ports"][0]["containerPort"]


def is_let(rules, direction, name):
    """Whether rules of a NetworkPolicy let pods of this namespace that are called so"""
    return any(selects(peer["podSelector"]["matchLabels"], name) and {"protocol": "TCP", "port": "http"} in rule["ports"]
               for rule in rules for peer in rule.get(direction, [])
               if "podSelector" in peer and "namespaceSelector" not in peer)


def test_the_network_lets_reports_from_the_backend_to_gateways_and_not_back():
    policies = {name: OBJECTS["NetworkPolicy", name]["spec"] for name in DEPLOYMENTS}
    assert is_let(policies["waitq-backend"]["egress"], "to", "waitq-gateway")
    assert is_let(policies["waitq-gateway"]["ingress"], "from", "waitq-backend")
    assert not is_let(policies["waitq-gateway"]["egress"], "to", "waitq-backend")
    assert not is_let(policies["waitq-backend"]["ingress"], "from", "waitq-gateway")
    asked = [rule["ports"] for policy in policies.values() for rule in policy["egress"]
             if {"protocol": "UDP", "port": 53} in rule["ports"]]
    assert asked == 2 * [[{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]]


def is_passed(path):
    """Whether the ingress passes a path on to the gateway"""
    for rule in OBJECTS["Ingress", "waitq-gateway"]["spec"]["rules"]:
        for one in rule["http"]["paths"]:
            wanted = one["path"].rstrip("/")
            if path == one["path"] or one["pathType"] == "Prefix" and (path + "/").startswith(wanted + "/"):
                return True
    return False


def calls_of_the_gateway():
    """All paths that the gateway knows, without the base"""
    found = re.findall(r'\{"(/[a-z/-]+)", ', (SOURCE / "examples/gateway/routes.c").read_text())
    assert "/queue/join" in found and "/admin/reset" in found and "/metrics" in found
    return found


def test_visitors_reach_the_calls_of_visitors_and_no_others():
    passed = {base + path for base in ("", API) for path in calls_of_the_gateway() if is_passed(base + path)}
    assert passed == {API + path for path in calls_of_the_gateway() if path.startswith("/queue/")}


def test_visitors_reach_the_waiting_page_with_its_files_and_no_page_of_operators(client):
    names = {page.name for page in (SOURCE / "examples/gateway/pages").iterdir()}
    served = {path for path in {"/", *("/" + name for name in names)} if client.ask("GET", path).status == 200}
    of_operators = {path for path in served | {"/admin", f"{API}/admin"} if path.startswith(("/admin", f"{API}/admin"))}
    assert "/" in served
    assert [path for path in served - of_operators if path != "/index.html" and not is_passed(path)] == []
    assert [path for path in of_operators if is_passed(path)] == []
