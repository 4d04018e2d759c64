"""burrow deploy prometheus and grafana: public tools accept the files, and what they name is there in /metrics of a
running server."""
import json
import re
import subprocess

import pytest
import requests
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import burrow
from test_metrics import eventually

FUNCTIONS = {"sum", "rate", "increase", "changes", "topk", "max", "histogram_quantile", "by", "label_values"}
LABELS = {"job", "instance", "method", "route", "status", "le", "loop", "db", "store", "state", "app"}


def deploy(folder, *words):
    out = burrow.run(burrow.BURROW, "deploy", *words, "--out", folder)
    assert out.returncode == 0, out.stderr
    return out.stdout.split()


@pytest.fixture
def files(tmp_path):
    deploy(tmp_path, "prometheus", "--name", "blog")
    deploy(tmp_path, "grafana", "--name", "blog")
    return tmp_path


def rules(files):
    return [r for g in yaml.safe_load((files / "blog.rules.yml").read_text())["groups"] for r in g["rules"]]


def dashboard(files):
    """The dashboard's expressions, as Prometheus gets them."""
    board = json.loads((files / "blog.dashboard.json").read_text())
    exprs = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
    return [e.replace("$__rate_interval", "1m").replace("$job", "blog").replace("$instance", ".*") for e in exprs]


def names(expr):
    """The metrics an expression reads."""
    expr = re.sub(r"by \([^)]*\)", "", re.sub(r"\{[^}]*\}", "", re.sub(r"\[\w+\]", "", expr)))
    return set(re.findall(r"[a-zA-Z_][a-zA-Z_:0-9]*", expr)) - FUNCTIONS - {"blog"}


def promtool(*words, folder=None):
    out = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True, cwd=folder)
    assert out.returncode == 0, out.stdout + out.stderr
    return out.stdout


def test_promtool_accepts_them(files):
    assert "SUCCESS" in promtool("check", "config", files / "prometheus.yml")
    said = promtool("check", "rules", files / "blog.rules.yml")
    assert f"{len(rules(files))} rules found" in said
    # The dashboard's expressions are PromQL too.
    exprs = dashboard(files)
    assert len(exprs) > 30
    groups = {"groups": [{"name": "d", "rules": [{"record": f"x:{i}", "expr": e} for i, e in enumerate(exprs)]}]}
    (files / "board.yml").write_text(yaml.safe_dump(groups))
    promtool("check", "rules", files / "board.yml")


def test_what_they_name_is_in_metrics(files, blog):
    text = blog.get("/metrics?format=openmetrics").text
    have = {"up"}
    for f in text_string_to_metric_families(text):
        ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(f.type, [""])
        have |= {f.name + e for e in ends}
    have |= {r["record"] for r in rules(files) if "record" in r}
    named = set().union(*(names(r["expr"]) for r in rules(files)), *map(names, dashboard(files)))
    assert len(named) > 30
    assert named <= have, sorted(named - have)
    used = set(re.findall(r"(\w+)=~?\"", " ".join(dashboard(files) + [r["expr"] for r in rules(files)]))) - {"result"}
    assert used <= LABELS


def test_targets_are_those_of_the_settings(tmp_path):
    for listen, target in [(["0.0.0.0:81", "unix:/x"], '["localhost:81"]'), (["unix:/x"], '["localhost:8080"]'),
                           (["10.1.2.3:80", "[::1]:81"], '["10.1.2.3:80", "[::1]:81"]')]:
        (tmp_path / "s.json").write_text(json.dumps({"listen": listen, "tables": []}))
        deploy(tmp_path, "prometheus", "--name", "blog", "--settings", tmp_path / "s.json")
        assert f"targets: {target}\n" in (tmp_path / "prometheus.yml").read_text()


def test_alerts_fire(files):
    """promtool plays series against the rules."""
    test = {"rule_files": ["blog.rules.yml"], "evaluation_interval": "1m", "tests": [{
        "interval": "1m",
        "input_series": [
            {"series": 'up{job="blog",instance="a"}', "values": "1 1 0x20"},
            {"series": 'db_writer_queue{job="blog",instance="a",db="d"}', "values": "2000x20"},
            {"series": 'http_requests_total{job="blog",instance="a",route="/",method="GET",status="5xx"}',
             "values": "0+6x20"},
            {"series": 'http_requests_total{job="blog",instance="a",route="/",method="GET",status="2xx"}',
             "values": "0+94x20"}],
        "alert_rule_test": [
            {"eval_time": "10m", "alertname": "Down", "exp_alerts": [
                {"exp_labels": {"severity": "critical", "job": "blog", "instance": "a"},
                 "exp_annotations": {"summary": "a does not answer"}}]},
            {"eval_time": "10m", "alertname": "WriterBehind", "exp_alerts": [
                {"exp_labels": {"severity": "warning", "job": "blog", "instance": "a", "db": "d"},
                 "exp_annotations": {"summary": "2000 writes wait for the database d of a"}}]},
            {"eval_time": "15m", "alertname": "Failing", "exp_alerts": [
                {"exp_labels": {"severity": "critical", "job": "blog", "instance": "a"},
                 "exp_annotations": {"summary": "a fails 6% of all requests"}}]},
            {"eval_time": "10m", "alertname": "Slow", "exp_alerts": []}]}]}
    (files / "test.yml").write_text(yaml.safe_dump(test))
    promtool("test", "rules", "test.yml", folder=files)


def test_a_real_prometheus_asks_and_evaluates(start, tmp_path):
    """The generated configuration, in a Prometheus of Debian's, against a running server."""
    s = start()
    deploy(tmp_path, "prometheus", "--name", "blog")
    config = (tmp_path / "prometheus.yml").read_text()
    config = re.sub(r"targets: .*", f'targets: ["{s.url.removeprefix("http://")}"]', config).replace("15s", "1s")
    (tmp_path / "prometheus.yml").write_text("global: {evaluation_interval: 1s}\n" + config)
    rules_file = tmp_path / "blog.rules.yml"
    rules_file.write_text(rules_file.read_text().replace("interval: 30s", "interval: 1s"))
    port = burrow.free_port()
    log = open(tmp_path / "prometheus.log", "w")
    p = subprocess.Popen(["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb",
                          f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def api(path):
        try:
            return requests.get(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=burrow.PATIENCE).json()["data"]
        except (requests.RequestException, KeyError, ValueError):
            return None

    def value(query):
        found = (api(f"query?query={query}") or {}).get("result")
        return float(found[0]["value"][1]) if found else None

    try:
        eventually(lambda: value("burrow_ready") == 1)
        eventually(lambda: [t["health"] for t in (api("targets") or {"activeTargets": []})["activeTargets"]] == ["up"])
        assert api("targets")["activeTargets"][0]["labels"]["job"] == "blog"
        s.get("/api/Category")
        eventually(lambda: (value('http_requests_total{route="/api/Category",method="GET",status="2xx"}') or 0) >= 1)
        eventually(lambda: (lambda groups: groups and all(r["health"] == "ok" for g in groups for r in g["rules"]))((api("rules") or {}).get("groups")))
        assert {g["name"] for g in api("rules")["groups"]} == {"blog.recording", "blog.serving", "blog.inside"}
    finally:
        p.terminate()
        p.wait()
        log.close()
