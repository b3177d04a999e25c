import hashlib
import subprocess
from base64 import b64decode
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from app.api import docs, page
from app.api.middleware.api_key import OPEN
from app.keys.entries import read_keys
from app.main import create_app
from app.settings import PREFIX, Settings, read_settings
from app.telemetry.families import QUEUE_DEPTH
from scripts.helm import helm

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/likewise"
DESCRIPTION = yaml.safe_load((CHART / "Chart.yaml").read_text())
OLDEST = DESCRIPTION["kubeVersion"].strip(">=").removesuffix(".0-0")
VERSIONS = (OLDEST, kubernetes_validate.latest_version())
OTHERS = ("gateway.networking.k8s.io/", "monitoring.coreos.com/", "ray.io/")
"""Not Kubernetes' own kinds, so the validator has no schemas of them."""

KEY = f"shop {hashlib.sha256(b'likewise_key').hexdigest()}"
KEYS = {"apiKeys": {"lines": [KEY]}}
MODELS = {"models": {"existingClaim": "bundles", "folder": "faces"}}
OUTSIDE = {
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "hosts": ["likewise.example"],
        "tls": [{"secretName": "tls", "hosts": ["likewise.example"]}],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
}
BULK = {
    "enabled": True,
    "image": "registry.example/likewise-bulk:1",
    "source": ["/data/photos", "s3://bucket/more"],
    "to": "/data/photos.parquet",
    "arguments": ["--precision", "int8"],
    "volume": {"persistentVolumeClaim": {"claimName": "photos"}},
    "extraEnv": [{"name": "AWS_REGION", "value": "eu-west-1"}],
}
EVERYTHING = {
    **KEYS,
    "bulk": BULK,
    **OUTSIDE,
    "models": {"volume": {"nfs": {"server": "store", "path": "/bundles", "readOnly": True}}},
    "settings": {
        "LIKEWISE_ROOT_PATH": "/likewise",
        "LIKEWISE_OTLP_ENDPOINT": "https://collector:4318/v1/traces",
        "LIKEWISE_MAX_BODY_BYTES": 64_000_000,
        "LIKEWISE_BODY_TIMEOUT_S": 2.5,
        "LIKEWISE_ACCESS_LOG": False,
        "LIKEWISE_THREADS": 2,
        "LIKEWISE_KEEP_ALIVE_S": None,
    },
    "extraEnv": [{"name": "OTEL_TRACES_SAMPLER", "value": "always_on"}],
    "gallery": {"existingSecret": "store", "secretKey": "address", "port": 6432},
    "imagePullSecrets": [{"name": "registry"}],
    "image": {"digest": f"sha256:{'0' * 64}"},
    "service": {"type": "LoadBalancer", "annotations": {"a": "b"}},
    "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}], "hostnames": ["a.b"]},
    "autoscaling": {"enabled": True, "queueDepth": 4},
    "networkPolicy": {
        "monitoring": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "collector": [{"podSelector": {"matchLabels": {"app": "collector"}}}],
        "database": [{"ipBlock": {"cidr": "10.1.2.0/24"}}],
    },
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "serviceAccount": {"annotations": {"a": "b"}},
    "topologySpread": {"zone": "DoNotSchedule"},
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "images"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "images", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
    "runtimeClassName": "nvidia",
}
VALUES = {
    "defaults": {},
    "keys": KEYS,
    "keys of a secret": {"apiKeys": {"existingSecret": "ours", "secretKey": "keys"}},
    "models": MODELS,
    "outside": OUTSIDE,
    "everything": EVERYTHING,
    "bulk on ray": {"bulk": BULK | {"ray": {"workers": 8}}},
}


def run(command, values, *arguments):
    return subprocess.run(  # noqa: S603 (the pinned Helm)
        [helm(), command, *arguments, CHART, "--values", "-"],
        input=yaml.safe_dump(values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def render(values):
    """The documents by their kind, of which there is one each."""
    done = run("template", values, "release", "--namespace", "images")
    assert done.returncode == 0, done.stderr
    documents = [each for each in yaml.safe_load_all(done.stdout) if each]
    kinds = {document["kind"]: document for document in documents}
    assert len(kinds) == len(documents)
    return kinds


def refusal(values):
    done = run("template", values, "release")
    assert done.returncode != 0
    return done.stderr


def pod_of(kinds):
    return kinds["Deployment"]["spec"]["template"]["spec"]


def container_of(kinds):
    (container,) = pod_of(kinds)["containers"]
    return container


@pytest.fixture(scope="module", params=VALUES.values(), ids=VALUES)
def kinds(request):
    return render(request.param)


@pytest.fixture(scope="module")
def plain():
    return render({})


@pytest.fixture(scope="module")
def everything():
    return render(EVERYTHING)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_helm_finds_nothing_to_complain_about(values):
    done = run("lint", values, "--strict")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_is_what_kubernetes_takes(kinds, version):
    for document in kinds.values():
        if not document["apiVersion"].startswith(OTHERS):
            kubernetes_validate.validate(document, version, strict=True)


def test_the_validator_would_refuse_a_misspelt_field(plain):
    broken = plain["Service"] | {"specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_everything_can_be_turned_on_and_little_is_by_default(plain, everything):
    usual = {"ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"}
    usual |= {"ServiceAccount"}
    optional = {"HorizontalPodAutoscaler", "HTTPRoute", "Ingress", "PrometheusRule", "Secret"}
    optional |= {"Job", "ServiceMonitor"}
    assert plain.keys() == usual
    assert everything.keys() == usual | optional


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replica": 3}, "'replica' not allowed"),
        ({"image": {"tga": "1"}}, "'tga' not allowed"),
        ({"settings": {"LIKEWISE_DEADLINE": 5}}, "'LIKEWISE_DEADLINE' not allowed"),
        ({"networkPolicy": {"from": [{"namespace": "a"}]}}, "'namespace' not allowed"),
        ({"replicas": "two"}, "at '/replicas': got string, want integer"),
        ({"apiKeys": {"lines": ["likewise_key"]}}, "at '/apiKeys/lines/0'"),
        ({"apiKeys": {"lines": [KEY], "existingSecret": "a"}}, "lines or existingSecret, not both"),
        ({"models": {"existingClaim": "a", "volume": {"nfs": {}}}}, "not both"),
        ({"autoscaling": {"enabled": True, "cpuPercent": None}}, "give cpuPercent, queueDepth"),
        ({"httpRoute": {"enabled": True}}, "has to name a gateway"),
        ({"bulk": {"enabled": True, "image": "a"}}, "bulk: give image"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_with_a_reason(values, said):
    assert said in refusal(values)


def test_the_settings_that_can_be_given_are_those_that_the_chart_does_not_make_itself():
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    given = set(schema["properties"]["settings"]["properties"])
    made = {"PORT", "API_KEYS_FILE", "MODELS_DIR", "WATCH_MODELS"}
    made |= {"GALLERY_URL"}  # It may hold a password, and comes from a Secret by `extraEnv`.
    assert given == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} - {
        f"{PREFIX}{name}" for name in made
    }


def test_every_value_is_in_the_schema_and_the_other_way_round():
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    free = {"settings", "resources"}
    assert schema["properties"].keys() - {"global"} == values.keys()
    for name, value in values.items():
        properties = schema["properties"][name].get("properties")
        if properties is not None and name not in free:
            assert properties.keys() == value.keys()


def test_the_service_understands_its_environment(kinds, monkeypatch):
    environment = kinds["ConfigMap"]["data"]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(environment)
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)  # noqa: S104 (in a pod)
    assert settings.max_body_bytes == 64_000_000


def test_numbers_and_truths_arrive_as_they_were_written(everything):
    data = everything["ConfigMap"]["data"]
    assert data["LIKEWISE_MAX_BODY_BYTES"] == "64000000"
    assert data["LIKEWISE_BODY_TIMEOUT_S"] == "2.5"
    assert data["LIKEWISE_ACCESS_LOG"] == "false"
    assert "LIKEWISE_KEEP_ALIVE_S" not in data


def test_a_service_of_the_same_name_sets_nothing_in_the_environment(kinds):
    # Its LIKEWISE_SERVICE_HOST is no setting, and its LIKEWISE_PORT no port.
    assert pod_of(kinds)["enableServiceLinks"] is False


def test_threads_follow_the_cpu_request_unless_they_are_given(plain, everything):
    (threads,) = container_of(plain)["env"]
    assert threads["name"] == "LIKEWISE_THREADS"
    assert threads["valueFrom"]["resourceFieldRef"]["resource"] == "requests.cpu"
    names = [each["name"] for each in container_of(everything)["env"]]
    assert names == ["LIKEWISE_GALLERY_URL", "OTEL_TRACES_SAMPLER"]
    assert everything["ConfigMap"]["data"]["LIKEWISE_THREADS"] == "2"


@pytest.mark.parametrize("delay", [0, 2.5, "30", None])
@pytest.mark.parametrize("timeout", [1, 600, None])
def test_the_grace_period_outlasts_the_drain(delay, timeout):
    given = {"LIKEWISE_DRAIN_DELAY_S": delay, "LIKEWISE_DRAIN_TIMEOUT_S": timeout}
    drain = (0 if delay is None else float(delay)) + (15 if timeout is None else timeout)
    period = pod_of(render({"settings": given}))["terminationGracePeriodSeconds"]
    assert drain + 5 < period <= drain + 21


PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def test_probes_ask_for_routes_that_need_no_key(kinds):
    container = container_of(kinds)
    paths = [container[probe]["httpGet"]["path"] for probe in PROBES]
    assert paths == ["/readyz", "/readyz", "/livez"]
    assert set(paths) <= OPEN & create_app(Settings()).openapi()["paths"].keys()


def test_probes_are_those_of_the_docs(plain):
    blocks = (ROOT / "docs/operate.md").read_text().split("```yaml\n")[1:]
    (block,) = [each for each in blocks if "startupProbe" in each]
    (documented,) = yaml.safe_load(block.split("```")[0])["spec"]["containers"]
    container = container_of(plain)
    for probe in PROBES:
        assert container[probe] == documented[probe]


def test_selectors_find_the_pods_and_never_change_with_the_version(everything):
    deployment = everything["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    selectors = [
        deployment["selector"]["matchLabels"],
        everything["Service"]["spec"]["selector"],
        everything["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        everything["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    spread = pod_of(everything)["topologySpreadConstraints"]
    selectors += [each["labelSelector"]["matchLabels"] for each in spread]
    assert selectors == [selectors[0]] * 6
    assert selectors[0].items() <= labels.items()
    assert not [name for name in selectors[0] if "version" in name or "chart" in name]
    monitored = everything["ServiceMonitor"]["spec"]["selector"]["matchLabels"]
    assert monitored.items() <= everything["Service"]["metadata"]["labels"].items()


def test_no_pod_is_root_or_writes_to_its_image(kinds):
    pod, container = pod_of(kinds), container_of(kinds)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    dockerfile = (ROOT / "Dockerfile").read_text()
    user, group = (pod["securityContext"][of] for of in ("runAsUser", "runAsGroup"))
    assert f"USER {user}:{group}\n" in dockerfile
    writable = [each for each in container["volumeMounts"] if not each.get("readOnly")]
    assert writable == [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 (a volume of the pod)


def test_an_update_takes_no_pod_away_before_its_successor_is_ready(kinds):
    strategy = kinds["Deployment"]["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_keys_are_a_file_in_a_mounted_folder(tmp_path):
    kinds = render(KEYS)
    secret = kinds["Secret"]
    (volume,) = [each for each in pod_of(kinds)["volumes"] if each["name"] == "keys"]
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    (mount,) = [each for each in container_of(kinds)["volumeMounts"] if each["name"] == "keys"]
    assert "subPath" not in mount
    file = Path(kinds["ConfigMap"]["data"]["LIKEWISE_API_KEYS_FILE"])
    assert file == Path(mount["mountPath"]) / "keys.txt"
    (tmp_path / file.name).write_bytes(b64decode(secret["data"][file.name]))
    assert [entry.line for entry in read_keys(tmp_path / file.name)] == [KEY]


def test_a_changed_setting_replaces_the_pods_and_a_changed_key_does_not():
    def checksum(values):
        template = render(values)["Deployment"]["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/settings"]

    other = {"apiKeys": {"lines": [KEY.replace("shop", "lab")]}}
    assert checksum(KEYS) == checksum(other)
    assert checksum(KEYS) != checksum(KEYS | {"settings": {"LIKEWISE_LOG_LEVEL": "debug"}})


def test_models_of_a_volume_are_mounted_to_be_read_and_looked_at_again():
    kinds = render(MODELS)
    data = kinds["ConfigMap"]["data"]
    assert data["LIKEWISE_MODELS_DIR"] == "/models/faces"
    assert data["LIKEWISE_WATCH_MODELS"] == "10"
    assert {"name": "models", "persistentVolumeClaim": {"claimName": "bundles"}} in pod_of(kinds)[
        "volumes"
    ]
    mount = {"name": "models", "mountPath": "/models", "readOnly": True}
    assert mount in container_of(kinds)["volumeMounts"]


def test_the_image_has_the_version_of_the_service_unless_another_is_given(plain, everything):
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{DESCRIPTION["appVersion"]}"\n' in project
    assert container_of(plain)["image"] == f"likewise:{DESCRIPTION['appVersion']}"
    assert container_of(everything)["image"] == f"likewise@sha256:{'0' * 64}"


def test_the_outside_is_led_to_every_call_and_never_to_the_numbers(everything):
    (rule,) = everything["Ingress"]["spec"]["rules"]
    paths = [each["path"] for each in rule["http"]["paths"]]
    app = create_app(Settings())
    calls = {f"/{path.split('/')[1]}" for path in app.openapi()["paths"]}
    inside = {"/livez", "/readyz", "/metrics"}
    shown = (calls | {"/", page.ASSETS, "/docs", docs.ASSETS, "/openapi.json"}) - inside
    assert set(paths) == {f"/likewise{path}" for path in shown}
    (route,) = everything["HTTPRoute"]["spec"]["rules"]
    assert [each["path"]["value"] for each in route["matches"]] == paths


def test_the_page_alone_is_led_to_and_not_all_that_is_below_it(everything):
    (rule,) = everything["Ingress"]["spec"]["rules"]
    exact = [each["path"] for each in rule["http"]["paths"] if each["pathType"] == "Exact"]
    assert exact == ["/likewise/"]
    (route,) = everything["HTTPRoute"]["spec"]["rules"]
    matches = [each["path"] for each in route["matches"]]
    assert [each["value"] for each in matches if each["type"] == "Exact"] == exact


def test_nobody_may_call_where_no_peer_is_named_and_the_service_calls_nobody(plain):
    assert plain["NetworkPolicy"]["spec"]["egress"] == []
    (rule,) = plain["NetworkPolicy"]["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {}}]
    closed = render({"networkPolicy": {"from": []}})["NetworkPolicy"]["spec"]
    assert closed["ingress"] == []
    assert closed["policyTypes"] == ["Ingress", "Egress"]


def test_traces_may_leave_for_their_collector(everything):
    names, collector, _ = everything["NetworkPolicy"]["spec"]["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert collector["ports"] == [{"protocol": "TCP", "port": 4318}]
    assert collector["to"] == EVERYTHING["networkPolicy"]["collector"]


def test_a_gallery_takes_its_address_from_a_secret_and_may_reach_its_database(everything):
    address, _ = container_of(everything)["env"]
    assert address["name"] == f"{PREFIX}GALLERY_URL"
    assert address["valueFrom"]["secretKeyRef"] == {"name": "store", "key": "address"}
    *_, database = everything["NetworkPolicy"]["spec"]["egress"]
    assert database["ports"] == [{"protocol": "TCP", "port": 6432}]
    assert database["to"] == EVERYTHING["networkPolicy"]["database"]
    alone = render({"gallery": {"existingSecret": "store"}})["NetworkPolicy"]["spec"]
    names, anywhere = alone["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert anywhere == {"ports": [{"protocol": "TCP", "port": 5432}]}


def test_scaling_follows_a_number_that_the_service_has(everything):
    cpu, pods = everything["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert cpu["resource"]["name"] == "cpu"
    assert pods["pods"]["metric"]["name"] == QUEUE_DEPTH.name
    assert "replicas" not in everything["Deployment"]["spec"]


def test_the_chart_has_the_alerts_of_the_project(everything):
    committed = (ROOT / "deploy/prometheus/likewise.rules.yml").read_bytes()
    assert (CHART / "files/likewise.rules.yml").read_bytes() == committed
    assert everything["PrometheusRule"]["spec"] == yaml.safe_load(committed)


BULK_ARGUMENTS = [
    *("embed", "/data/photos", "s3://bucket/more"),
    *("--model", "faces", "--to", "/data/photos.parquet"),
]


def check_pod_of_bulk(template):
    """As a pod of its own, since the validator has no schema of a RayJob."""
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"] = pod["metadata"] | {"name": "bulk"}
    kubernetes_validate.validate(pod, VERSIONS[-1], strict=True)
    spec, (container,) = template["spec"], template["spec"]["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"name": "data", "mountPath": "/data"} in container["volumeMounts"]
    assert {"name": "AWS_REGION", "value": "eu-west-1"} in container["env"]


def test_bulk_work_is_a_job_that_goes_on_in_another_pod(everything):
    job = everything["Job"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert container["args"] == [*BULK_ARGUMENTS, "--precision", "int8"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["backoffLimit"] == 20
    check_pod_of_bulk(job["template"])


def test_bulk_work_on_ray_is_a_cluster_whose_workers_encode():
    ray = render(VALUES["bulk on ray"])["RayJob"]["spec"]
    options = "--ray auto --workers 8 --precision int8"
    assert ray["entrypoint"] == f"python -m bulk {' '.join(BULK_ARGUMENTS)} {options}"
    cluster = ray["rayClusterSpec"]
    head, (workers,) = cluster["headGroupSpec"], cluster["workerGroupSpecs"]
    assert workers["replicas"] == 8
    assert head["rayStartParams"] == {"num-cpus": "0"}
    for group in (head, workers):
        check_pod_of_bulk(group["template"])


def test_the_arguments_of_bulk_work_are_those_of_the_command(everything):
    pytest.importorskip("daft", reason="likewise[bulk] is not installed")
    from bulk.cli import parser  # noqa: PLC0415 (needs the extra)

    (container,) = everything["Job"]["spec"]["template"]["spec"]["containers"]
    given = parser().parse_args(container["args"])
    assert given.source == BULK["source"]
    assert (given.precision, given.to) == ("int8", BULK["to"])


def test_the_service_does_not_select_the_pods_of_bulk_work(everything):
    selector = everything["Service"]["spec"]["selector"]
    labels = everything["Job"]["spec"]["template"]["metadata"]["labels"]
    assert not selector.items() <= labels.items()
