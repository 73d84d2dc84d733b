"""Metrics as Prometheus reads them: every exposition parses, and promtool has nothing against it but foreign names."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

UNPACKED = Path(__file__).parents[1] / ".tools/usr/bin/promtool"
MODEL = "meta-llama/Llama-3.1-8B-Instruct"
PATHS = {
    "/metrics/prometheus": "fakeai_requests_total",
    "/metrics/by-model/prometheus": "fakeai_model_requests_total",
    "/vllm/metrics": "vllm:prompt_tokens_total",
    "/sglang/metrics": "sglang:prompt_tokens_total",
    "/trtllm/metrics": "trtllm_prompt_tokens_total",
    "/v1/metrics": "prompt_tokens_total",
    "/dynamo/metrics": "dynamo_frontend_requests_total",
}
# What promtool says of names that are not ours to choose.
FOREIGN = re.compile(
    r"(vllm|sglang):\w+ metric names should not contain ':'"
    r"|vllm:iteration_tokens_total non-counter metrics should not have \"_total\" suffix"
    r"|DCGM_FI_\w+ (label names should be written in 'snake_case' not 'camelCase'"
    r"|counter metrics should have \"_total\" suffix|metric name should not include type 'counter')"
)


def complaints(text):
    """What promtool says of an exposition, but for what follows from foreign names."""
    promtool = shutil.which("promtool") or UNPACKED
    outcome = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    # 0 is clean, 3 is lint, anything else says that it could not be read.
    assert outcome.returncode in (0, 3), outcome.stderr
    return [line for line in (outcome.stdout + outcome.stderr).splitlines() if not FOREIGN.fullmatch(line)]


def chat(server, number):
    body = {"model": MODEL, "messages": [{"role": "user", "content": f"Story {number}, please."}], "max_tokens": 9}
    answer = httpx.post(f"{server.base_url}/chat/completions", json=body, trust_env=False, timeout=30)
    assert answer.status_code == 200
    return answer.json()["usage"]


def scrape(server, path):
    answer = httpx.get(server.url + path, trust_env=False)
    assert answer.status_code == 200
    return answer.text


@pytest.fixture(params=["none", "vllm"])
def loaded(request, start):
    """A server with a load behind it, without and with a physical engine."""
    server = start("--engine", request.param, "--kv-cache-num-workers", 2, "--time-scale", 20)
    with ThreadPoolExecutor(8) as pool:
        usages = list(pool.map(lambda number: chat(server, number), range(8)))
    return server, usages


def test_promtool_can_read_every_exposition(loaded):
    server, _ = loaded
    for path, name in PATHS.items():
        text = scrape(server, path)
        assert f"# TYPE {name} counter" in text, path
        assert complaints(text) == [], path


def test_promtool_can_read_the_gpus(loaded):
    server, _ = loaded
    assert complaints(scrape(server, "/dcgm/metrics")) == []


def test_counters_are_what_the_answers_used(loaded):
    server, usages = loaded
    text = scrape(server, "/vllm/metrics")
    for name, field in [("prompt", "prompt_tokens"), ("generation", "completion_tokens")]:
        samples = re.findall(rf"^vllm:{name}_tokens_total\{{.*\}} (\S+)$", text, re.MULTILINE)
        assert sum(map(float, samples)) == sum(usage[field] for usage in usages)


def test_the_flavor_is_chosen_by_a_flag(start):
    server = start("--metrics-flavor", "vllm", "--engine", "vllm", "--time-scale", 20)
    chat(server, 1)
    assert 'vllm:num_requests_running{engine="0",model_name=' in scrape(server, "/metrics")
