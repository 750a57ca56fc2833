"""What a verdict rests on, and which detections a change reaches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.content import load_content
from harness.content.app import content_app
from harness.errors import UsageError
from harness.runner.dependencies import Dependencies, changed_since
from tests.runner.packs import a_test, detection, write
from tests.runner.repositories import Repository, repository

OTHER = detection(
    "Other Thing", id="00000000-0000-0000-0000-000000000001", search="index=main | stats count", tests=[a_test("b.log")]
)
FILES = {
    "macros/outer.yml": "name: outer(2)\narguments: [a, b]\ndefinition: '`inner`'\n",
    "macros/inner.yml": "name: inner\ndefinition: lookup hosts host\n",
    "macros/unused.yml": "name: unused\ndefinition: x=1\n",
    "lookups/hosts.yml": "name: hosts\nfilename: hosts_2026.csv\n",
    "lookups/hosts_2026.csv": "host,owner\na,b\n",
    "lookups/unused.yml": "name: unused\nfilename: unused.csv\n",
    "lookups/unused.csv": "a\n1\n",
    "deployments/ttp.yml": "name: ttp\ntype: TTP\nscheduling: {cron_schedule: '5 * * * *'}\n",
    "deployments/hunting.yml": "name: hunting\ntype: Hunting\nscheduling: {cron_schedule: '6 * * * *'}\n",
    "data_sources/things.yml": "name: Things\nsource: things.log\nsourcetype: things\n",
    "data.log": "{}\n",
    "b.log": "{}\n",
}
NET = detection(search='`things` | `outer("x, y", z)` | stats count by host', data_source=["Things"])


def _names(repo: Repository, revision: str = "HEAD") -> list[str]:
    return [Path(each.file).stem for each in changed_since(load_content(repo.root), revision)]


@pytest.fixture(params=["", "content/pack"], ids=["at the top", "in a folder"])
def repo(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    return repository(tmp_path, NET, OTHER, below=request.param, **FILES)


def test_a_detection_uses_macros_through_macros_and_what_these_use(repo: Repository) -> None:
    content = load_content(repo.root)
    files = Dependencies(content).files(next(each for each in content.detections if each.name == "Net Use"))
    assert [path.relative_to(repo.root).as_posix() for path in files] == [
        "data_sources/things.yml",
        "deployments/ttp.yml",
        "lookups/hosts.yml",
        "lookups/hosts_2026.csv",
        "macros/inner.yml",
        "macros/outer.yml",
        "macros/things.yml",
    ]


def test_a_detection_uses_what_the_baselines_of_its_tests_use(tmp_path: Path) -> None:
    named = detection(search="`things` | lookup usual dest", tests=[a_test(baselines=[{"name": "Usual"}])])
    files = {
        **FILES,
        "baselines/usual.yml": "name: Usual\nid: u\nsearch: '`things` | `inner` | outputlookup seen.csv'\n",
    }
    content = load_content(repository(tmp_path, named, **files).root)
    used = {path.name for path in Dependencies(content).files(content.detections[0])}
    assert {"usual.yml", "inner.yml", "hosts_2026.csv"} <= used


def test_a_detection_uses_the_model_that_it_applies(tmp_path: Path) -> None:
    applying = detection(search="`things` | apply lengths")
    files = {
        **FILES,
        "lookups/__mlspl_lengths.yml": "name: __mlspl_lengths\nlookup_type: mlmodel\n",
        "lookups/__mlspl_lengths.mlmodel": "algo,model,options\nLinearRegression,{},{}\n",
    }
    content = load_content(repository(tmp_path, applying, **files).root)
    used = {path.name for path in Dependencies(content).files(content.detections[0])}
    assert {"__mlspl_lengths.yml", "__mlspl_lengths.mlmodel"} <= used
    assert "__mlspl_lengths.mlmodel" in content_app(content).lookups


def test_nothing_changed_since_the_newest_commit(repo: Repository) -> None:
    assert _names(repo) == []


def _touch(name: str) -> Callable[[Repository], object]:
    return lambda repo: write(repo.root / name, (repo.root / name).read_text() + "\n# other\n")


def _gone(name: str) -> Callable[[Repository], object]:
    return lambda repo: (repo.root / name).unlink()


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (_touch("detections/net_use.yml"), ["net_use"]),
        (_touch("macros/inner.yml"), ["net_use"]),
        (_touch("lookups/hosts_2026.csv"), ["net_use"]),
        (_touch("lookups/hosts.yml"), ["net_use"]),
        (_touch("deployments/ttp.yml"), ["net_use", "other_thing"]),
        (_touch("data_sources/things.yml"), ["net_use"]),
        (_touch("data.log"), ["net_use"]),
        (_touch("b.log"), ["other_thing"]),
        (_touch("macros/unused.yml"), []),
        (_touch("lookups/unused.csv"), []),
        (_touch("deployments/hunting.yml"), []),
        (_gone("macros/inner.yml"), ["net_use"]),
        (_gone("lookups/hosts.yml"), ["net_use"]),
        (_gone("data.log"), ["net_use"]),
        (_gone("detections/other_thing.yml"), ["other_thing"]),
        (lambda repo: write(repo.root / "harness.yml", "ignore: {}\n"), ["net_use", "other_thing"]),
        (lambda repo: write(repo.top / "README.md", "Hello\n"), []),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_a_change_reaches_every_detection_that_uses_it_and_no_other(
    repo: Repository, change: Callable[[Repository], object], changed: list[str], committed: bool
) -> None:
    base = repo.git("rev-parse", "HEAD")
    change(repo)
    if committed:
        repo.commit()
    assert _names(repo, base) == changed


def test_a_dataset_that_git_does_not_yet_know_counts_as_changed(repo: Repository) -> None:
    repo.put(detection("Third", id="00000000-0000-0000-0000-000000000003", tests=[a_test("new.log")]))
    base = repo.commit()
    write(repo.root / "new.log", "{}\n")
    assert _names(repo, base) == ["third"]


def test_a_moved_detection_is_known_by_its_id_and_a_copied_one_is_new(repo: Repository) -> None:
    (repo.root / "detections/net_use.yml").rename(repo.root / "detections/moved.yml")
    repo.put(detection("Copy", search="index=main", tests=[]))
    found = {each.file: each for each in changed_since(load_content(repo.root), "HEAD")}
    assert sorted(found) == ["detections/copy.yml", "detections/moved.yml"]
    before = [each.before.name for each in found.values() if each.before is not None]
    assert before == ["Net Use"]


def test_what_was_no_content_yet_is_all_new(tmp_path: Path) -> None:
    repo = repository(tmp_path, NET, below="content")
    later = Repository(tmp_path, tmp_path / "more")
    later.put(OTHER)
    assert [each.before for each in changed_since(load_content(later.root), "HEAD")] == [None]
    assert repo.git("status", "--short") != ""


def test_the_digest_is_of_the_files_bytes_and_names_and_not_of_where_the_content_lies(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        content = load_content(repository(tmp_path / name, NET, **FILES).root)
        digests.append(Dependencies(content).evidence(content.detections[0]))
    assert digests[0] == digests[1]
    write(tmp_path / "two/data.log", '{"a": 1}\n')
    content = load_content(tmp_path / "two")
    assert Dependencies(content).evidence(content.detections[0]) != digests[0]


@pytest.mark.parametrize("name", ["sub/data.log", "https://media.githubusercontent.com/media/o/r/master/sub/data.log"])
def test_a_dataset_below_the_data_root_counts_by_its_bytes_as_one_in_the_content_does(
    tmp_path: Path, name: str
) -> None:
    repo = repository(tmp_path / "pack", detection(tests=[a_test(name)]))
    content = load_content(repo.root)
    digests = []
    for text in ("one", "two", "one"):
        write(tmp_path / "data/sub/data.log", text)
        digests.append(Dependencies(content, tmp_path / "data").evidence(content.detections[0]))
    assert digests[0] == digests[2] != digests[1]
    without = Dependencies(content).evidence(content.detections[0])
    assert without not in digests


def test_a_changed_dataset_below_a_data_root_of_the_same_repository_reaches_its_detection(repo: Repository) -> None:
    write(repo.top / "elsewhere/data.log", "{}\n")
    repo.commit()
    write(repo.top / "elsewhere/data.log", "{} {}\n")
    found = changed_since(load_content(repo.root), "HEAD", repo.top / "elsewhere")
    assert [Path(each.file).stem for each in found] == ["net_use"]
    assert _names(repo) == []


@pytest.fixture
def submodule(repo: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The repository ``data`` in the content, with the datasets of two detections."""
    origin = tmp_path_factory.mktemp("origin")
    repository(origin, **{"first.log": "{}\n", "second.log": "{}\n"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(origin), f"{_below(repo)}data")
    repo.put(detection("First", id="00000000-0000-0000-0000-000000000003", tests=[a_test("data/first.log")]))
    repo.put(detection("Second", id="00000000-0000-0000-0000-000000000004", tests=[a_test("data/second.log")]))
    repo.commit()
    return Repository(repo.root / "data", repo.root / "data")


def _below(repo: Repository) -> str:
    return "" if repo.root == repo.top else f"{repo.root.relative_to(repo.top)}/"


def test_a_changed_dataset_in_a_submodule_reaches_its_detection(repo: Repository, submodule: Repository) -> None:
    base = repo.git("rev-parse", "HEAD")
    assert _names(repo, base) == []
    write(submodule.root / "first.log", "{} {}\n")
    assert _names(repo, base) == ["first"]
    submodule.commit()
    assert _names(repo, base) == ["first"]
    repo.commit()
    assert _names(repo, base) == ["first"]


def test_all_datasets_of_a_submodule_count_as_changed_where_its_former_commit_is_not_there(
    repo: Repository, submodule: Repository
) -> None:
    base = repo.git("rev-parse", "HEAD")
    submodule.git("checkout", "--quiet", "--orphan", "other")
    submodule.commit("other")
    repo.commit()
    submodule.git("branch", "--quiet", "-D", "main")
    submodule.git("remote", "remove", "origin")
    submodule.git("reflog", "expire", "--expire=now", "--all")
    submodule.git("gc", "--quiet", "--prune=now")
    assert _names(repo, base) == ["first", "second"]


@pytest.mark.parametrize("revision", ["nonsense", "--help", "HEAD~99", ""])
def test_a_revision_that_is_not_there_is_refused(repo: Repository, revision: str) -> None:
    with pytest.raises(UsageError, match="has no revision"):
        changed_since(load_content(repo.root), revision)


def test_content_outside_any_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write(tmp_path / "detections/a.yml", "name: A\n")
    with pytest.raises(UsageError, match="no git repository"):
        changed_since(load_content(tmp_path), "HEAD")
