"""The pipelines that `init --ci` writes do what they say: their own shell steps, on a real repository and project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from grundstein import flow
from grundstein.core.records import Denial, Experiment, Release
from grundstein.project.ci_files import PLACES, template, write_ci
from grundstein.project.folder import Folder, open_project

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("github", "gitlab")
STATE = ("ledger.sqlite", "lake", "files", "reports")
PROGRAMS = str(Path(sys.executable).parent)
EXPRESSION = re.compile(r"\$\{\{\s*([\w.]+)\s*\}\}")


@dataclass(frozen=True)
class Runner:
    """A checkout, and the state that the company keeps on its own runner."""

    checkout: Path
    state: Path
    folder: str

    def run(self, kind: str, job: str, **known: str) -> subprocess.CompletedProcess[str]:
        """Run the shell steps of one job as GitHub or GitLab would; installing is left out."""
        known |= {"vars.GRUNDSTEIN_STATE": str(self.state), "GRUNDSTEIN_STATE": str(self.state)}
        content = YAML(typ="safe").load(self.checkout / PLACES[kind])
        steps = github(content, job, known) if kind == "github" else gitlab(content, job, known)
        done = subprocess.CompletedProcess([], 0, "", "")
        for text, variables, folder in steps:
            clean = {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.checkout), **variables}
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
            where = self.checkout / folder
            done = subprocess.run(shell, cwd=where, env=clean, capture_output=True, text=True, check=False)
            if done.returncode:
                break
        return done

    def project(self) -> Folder:
        return open_project(self.state)

    def commit(self, **cases: str) -> None:
        for name, text in cases.items():
            (self.checkout / self.folder / "cases" / f"{name}.yaml").write_text(text, encoding="utf-8")
        git(self.checkout, "add", ".")
        git(self.checkout, "commit", "-m", "change")


def github(content: Mapping[str, Any], job: str, known: Mapping[str, str]) -> list[tuple[str, dict[str, str], str]]:
    found = []
    folder = content["defaults"]["run"]["working-directory"]
    for step in content["jobs"][job]["steps"]:
        if "run" in step and step["name"] != "Install":
            assert "${{" not in step["run"], "an expression in a script is an open door"
            given = {n: EXPRESSION.sub(lambda m: known[m[1]], str(v)) for n, v in step.get("env", {}).items()}
            found.append((step["run"], given, folder))
    return found


def gitlab(content: Mapping[str, Any], job: str, known: Mapping[str, str]) -> list[tuple[str, dict[str, str], str]]:
    lines = [*content["default"]["before_script"], *content[job]["script"]]
    flat = [one for line in lines for one in (line if isinstance(line, list) else [line])]
    plain = {name: value for name, value in known.items() if "." not in name}
    return [("\n".join(line for line in flat if "pip install" not in line), plain, ".")]


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def runner(decided: Folder, tmp_path: Path, kind: str) -> Runner:
    """The decided project: its files in a repository, at the top or below it, its tables and ledger elsewhere."""
    folder = "" if kind == "github" else "teams/one"
    origin, first, checkout, state = (tmp_path / name for name in ("origin.git", "first", "checkout", "state"))
    git(tmp_path, "init", "--bare", "-b", "main", str(origin))
    git(tmp_path, "clone", str(origin), str(first))
    git(first, "checkout", "-b", "main")
    root = first / folder
    root.mkdir(parents=True, exist_ok=True)
    for name in ("grundstein.yaml", "cases", "contracts"):
        (shutil.copytree if (decided.root / name).is_dir() else shutil.copy)(decided.root / name, root / name)
    (root / "cases" / "other.yaml").write_text((root / "cases" / "leaving.yaml").read_text(encoding="utf-8"))
    assert all(one.new for one in write_ci(root, KINDS))
    git(first, "add", ".")
    git(first, "commit", "-m", "all")
    git(first, "push", "origin", "main")
    git(tmp_path, "clone", str(origin), str(checkout))
    shutil.copytree(decided.root, state)
    return Runner(checkout, state, folder)


def known(kind: str, case: str = "leaving") -> dict[str, str]:
    if kind == "github":
        return {"github.base_ref": "main", "inputs.case": case}
    return {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CASE": case}


def evaluated(runner: Runner) -> list[str]:
    return [row.record.case for row in runner.project().ledger.entries(Experiment)]


@pytest.mark.parametrize("kind", KINDS)
def test_check_runs_without_tables_and_stops_at_a_fault_on_its_line(runner, kind):
    assert runner.run(kind, "check").returncode == 0
    runner.commit(other="question: Why?\ntask: predict\ndata: people\ntarget: leavs\n")
    done = runner.run(kind, "check")
    assert done.returncode == 1
    assert "cases/other.yaml:4: `target` names the column leavs" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_changed_cases_are_evaluated_on_the_company_s_tables(runner, kind):
    git(runner.checkout, "checkout", "-b", "work")
    before = evaluated(runner)
    text = (runner.checkout / runner.folder / "cases" / "other.yaml").read_text(encoding="utf-8")
    cheaper = text.replace("money: {saved: 600, success: 0.3, cost: 60, assumed: [success]}", "metric: log_loss")
    runner.commit(other=cheaper.replace("worthwhile: 1\n", ""), thought="question: Could we?\nidea: true\n")
    done = runner.run(kind, "evaluate", **known(kind))
    assert done.returncode == 0, done.stdout + done.stderr
    assert evaluated(runner) == [*before, "other"]


@pytest.mark.parametrize("kind", ["github"])
def test_a_release_waits_for_its_signature_and_the_attempt_is_written_down(runner, kind):
    done = runner.run(kind, "release", **known(kind))
    assert done.returncode == 1
    assert "lacks a signature: service" in done.stderr
    assert not list(runner.project().ledger.entries(Release))
    assert [row.record.act for row in runner.project().ledger.entries(Denial)] == ["release"]
    flow.sign(runner.project(), "leaving", flow.add_person(runner.project(), "first"), "approve", "")
    done = runner.run(kind, "release", **known(kind))
    assert done.returncode == 0, done.stderr
    assert len(list(runner.project().ledger.entries(Release))) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", ["--help", '"; touch taken; $(touch taken) "'])
def test_the_name_of_a_case_is_no_command(decided, tmp_path, kind, case):
    root = tmp_path / "plain"
    shutil.copytree(decided.root, root)
    write_ci(root, (kind,))
    done = Runner(root, root, "").run(kind, "release", **known(kind, case))
    assert done.returncode
    assert not list(tmp_path.rglob("taken"))


def test_release_is_by_hand_and_on_the_default_branch_only():
    one, other = (YAML(typ="safe").load(template(kind, ".")) for kind in KINDS)
    assert one["jobs"]["release"]["steps"][-1]["run"].splitlines() == other["release"]["script"][-2:]
    asked = one["jobs"]["release"]["if"]
    assert "github.event_name == 'workflow_dispatch'" in asked
    assert "github.ref_name == github.event.repository.default_branch" in asked
    (rule,) = other["release"]["rules"]
    assert rule["when"] == "manual"
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]
    assert one["permissions"] == {"contents": "read"}
    assert all("sign " not in str(content) for content in (one, other))


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    for kind in KINDS:
        (tmp_path / PLACES[kind]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / PLACES[kind]).write_text("mine\n", encoding="utf-8")
    assert [one.new for one in write_ci(tmp_path, KINDS)] == [False, False, True]
    assert all((tmp_path / PLACES[kind]).read_text(encoding="utf-8") == "mine\n" for kind in KINDS)
