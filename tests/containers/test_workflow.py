"""The container job of .github/workflows/detections.yml on a real engine, and the gate that rests on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docker import DockerClient
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE
from tests.workflows.runner import ROOT, GitHub, built_wheel, fresh_python, git

WORKFLOW = ROOT / ".github" / "workflows" / "detections.yml"


@pytest.mark.usefixtures("nothing_left")
def test_a_tag_is_tested_on_the_container_whose_image_is_cached_and_then_gated(
    tmp_path: Path, image: str, docker_host: str, client: DockerClient
) -> None:
    repository = tmp_path / "repository"
    write_pack(repository, detection(), **{"data.log": NET_USE})
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "first")
    git(repository, "tag", "v1")
    file = next(repository.rglob("net_use.yml"))
    file.write_text(file.read_text().replace("version: 1", "version: 2").replace("2026-01-02", "2026-01-03"))
    git(repository, "commit", "-qam", "second")
    git(repository, "tag", "v2")
    github = GitHub(tmp_path / "github", repository, fresh_python(tmp_path / "python"))
    github.environment["DOCKER_HOST"] = docker_host
    event = {"event_name": "push", "ref_type": "tag", "ref": "refs/tags/v2", "workflow": "mine"}
    inputs = {"harness": str(built_wheel(tmp_path / "wheel")), "shards": '["1/1"]', "image": image}

    first = github.run(WORKFLOW, event, inputs)
    assert {name: job.result for name, job in first.items()} == {
        "changed": "skipped", "full 0": "success", "container": "success", "report": "success", "gate": "success",
    }, first["container"].log + first["gate"].log  # fmt: skip
    assert first["container"].codes == dict.fromkeys(["Install harness", "Test on the container", "Save the image"], 0)
    assert "Net Use" in first["container"].summary
    record = json.loads((github.artifacts / "container" / "record.json").read_text())
    assert (record["backend"]["kind"], record["summary"]["pass"]) == ("docker", 2)
    manifest = json.loads((github.artifacts / "release" / "manifest.json").read_text())
    assert "docker" in json.dumps(manifest)

    kept = client.images.get(image)
    client.images.remove(image, force=True)
    second = GitHub(tmp_path / "again", repository, github.python)
    second.environment, second.caches = github.environment, github.caches
    pull_request = {"event_name": "pull_request", "event.pull_request.base.sha": git(repository, "rev-parse", "v1")}
    again = second.run(WORKFLOW, {**pull_request, "ref": "refs/pull/1/merge", "workflow": "mine"}, inputs)
    assert again["container"].codes == dict.fromkeys(
        ["Install harness", "Load the image", "Test on the container"], 0
    ), again["container"].log
    assert client.images.get(image).id == kept.id
    for saved in tmp_path.rglob("image.tar"):  # hundreds of megabytes that pytest would keep
        saved.unlink()
