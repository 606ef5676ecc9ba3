"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path
from string import Formatter

import pytest
from reading import FOLDERS, ROOT, SOURCE, functions, imported, python_files, texts, tree

from grundstein.core.findings import codes

LONGEST_FUNCTION, LONGEST_FILE = 60, 400
FIRST_LINE = re.compile(r"Room (\w+)\. In: .+ -> Out: .+")
CODE = re.compile(r"GST-[A-Z]+\d+")
HEAVY = ("sklearn", "lightgbm", "pyarrow", "duckdb", "pyiceberg", "altair", "sqlalchemy", "pandas", "numpy", "scipy")
PLACES = re.compile(r"(?<![\w.<>-])/(?:work|home|root|Users)/\w")
HOSTS = re.compile(r"pypi\.|pythonhosted\.|npmjs\.|anaconda\.|artifactory|conda-forge")
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def toml_files() -> list[Path]:
    return sorted((SOURCE / "core" / "codes").glob("*.toml"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_first_line_of_each_file_names_its_room_and_what_flows_through():
    wrong = []
    for path in python_files("src"):
        first = (ast.get_docstring(tree(path)) or "").split("\n")[0]
        said = FIRST_LINE.fullmatch(first.rstrip("."))
        if path.name != "__init__.py" and (said is None or said[1] != room_of(path)):
            wrong.append(f"{short(path)}: {first}")
        if not first:
            wrong.append(f"{short(path)}: no docstring")
    assert not wrong


def test_no_function_is_longer_than_sixty_lines_and_no_file_longer_than_four_hundred():
    files = python_files(*FOLDERS)
    long = [f"{short(f.file)}:{f.name} {f.lines}" for p in files for f in functions(p) if f.lines > LONGEST_FUNCTION]
    lines = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert not long
    assert not {name: count for name, count in lines.items() if count > LONGEST_FILE}


def test_the_profile_of_the_house_is_told(capsys):
    """A figure for whoever reads the run; the limits above are what is enforced."""
    sizes = sorted(f.lines for path in python_files("src") for f in functions(path))
    files = len(python_files("src"))
    ninth = sizes[int(0.9 * len(sizes))]
    told = f"{files} files, {len(sizes)} functions: median {statistics.median(sizes):g} lines, 90 % <= {ninth}"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
    assert sizes


def test_the_rooms_keep_the_import_rule():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_finding_code_that_is_used_has_its_sentences_and_every_sentence_is_used():
    used = {code for path in python_files("src") for code in _codes_of(path)}
    speechless, unused = sorted(used - set(codes())), sorted(set(codes()) - used)
    assert not speechless
    assert not unused


def _codes_of(path: Path) -> set[str]:
    """Codes that stand as a string of their own: one in prose is no use of it."""
    constants = {n.value for n in ast.walk(tree(path)) if isinstance(n, ast.Constant)}
    return {str(value) for value in constants if CODE.fullmatch(str(value))}


def test_a_finding_that_lists_its_facts_where_it_is_made_lists_all_that_its_sentence_names():
    missing = []
    for path in python_files("src"):
        for call in (n for n in ast.walk(tree(path)) if isinstance(n, ast.Call)):
            code, given = _literal_finding(call)
            if code in codes() and given is not None and (lacking := placeholders(code) - given):
                missing.append(f"{short(path)}:{call.lineno} {code} lacks {sorted(lacking)}")
    assert not missing


def _literal_finding(call: ast.Call) -> tuple[str, set[str] | None]:
    """The code of `Finding("GST-...", section, {...})` and the facts written there; None where they are not."""
    if not (isinstance(call.func, ast.Name) and call.func.id == "Finding" and isinstance(call.args[0], ast.Constant)):
        return "", None
    code = str(call.args[0].value)
    if len(call.args) < 3:
        return code, None if call.keywords else set()
    facts = call.args[2]
    if not isinstance(facts, ast.Dict) or not all(isinstance(key, ast.Constant) for key in facts.keys):
        return code, None
    return code, {str(key.value) for key in facts.keys if isinstance(key, ast.Constant)}


def placeholders(code: str) -> set[str]:
    return {name for text in codes()[code].text.values() for _, name, _, _ in Formatter().parse(text) if name}


def test_no_finding_code_stands_in_two_files():
    counted = Counter(code for file in toml_files() for code in tomllib.loads(file.read_text(encoding="utf-8")))
    assert not [code for code, times in counted.items() if times > 1]
    assert not [code for code in counted if not CODE.fullmatch(code)]


@pytest.mark.parametrize("code", sorted(codes()))
def test_a_finding_speaks_both_languages_and_names_the_same_facts(code: str):
    entry = codes()[code]
    assert set(entry.title) == set(entry.text) == {"en", "de"}
    assert entry.meaning
    assert entry.remedy
    named = {lang: {name for _, name, _, _ in Formatter().parse(text) if name} for lang, text in entry.text.items()}
    assert named["en"] == named["de"]
    assert all(text == text.strip() and text for text in (*entry.title.values(), *entry.text.values()))


def test_no_file_names_a_place_on_a_machine_or_a_registry():
    found = [
        f"{name}: {match[0]}"
        for name, text in texts().items()
        for rule in (PLACES, HOSTS)
        for match in rule.finditer(text)
    ]
    assert not [line for line in found if not line.startswith("tests/house/")]


def test_every_rule_that_the_linter_leaves_out_has_its_reason_beside_it():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ruff = text[text.index("[tool.ruff.lint]") : text.index("[tool.importlinter]")]
    lines = re.findall(r'^\s+"[A-Z]+\d*",?.*$', ruff, flags=re.MULTILINE)
    assert len(lines) > 10
    assert not [line for line in lines if not re.search(r"#\s+\S+", line)]


def test_every_exception_in_a_line_has_its_reason_behind_it():
    bare = re.compile(r"#\s*noqa(?!:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+\S{2,})")
    lines = [
        f"{short(path)}:{number}"
        for path in python_files("src", "bench", "docs")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not lines


def test_nothing_is_pickled():
    found = {short(path): imported(path) for path in python_files("src")}
    assert not {name: names for name, names in found.items() if {n.split(".")[0] for n in names} & PICKLES}


def test_every_entry_point_loads_under_its_name():
    tasks = {entry.name: entry.load() for entry in entry_points(group="grundstein.tasks")}
    assert {"predict", "recommend"} <= set(tasks)
    assert all(task.name == name for name, task in tasks.items())
    (program,) = (e for e in entry_points(group="console_scripts") if e.name == "grundstein")
    assert callable(program.load())


def test_the_program_starts_without_the_heavy_libraries():
    asked = f"import sys, grundstein.cli.main; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_test_files_have_names_of_their_own():
    counted = Counter(path.name for path in python_files("tests") if path.name.startswith("test_"))
    assert not [name for name, times in counted.items() if times > 1]
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_examples_in_docstrings_hold():
    told = [p for p in python_files("src") if ">>> " in p.read_text(encoding="utf-8")]
    assert told
    for path in told:
        name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_doors_may_read_of_the_lake_what_looks_and_nothing_else():
    """The import rule names every module of the lake but `looking`: a new one must be added to it."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    named = {one for rule in rules for one in rule.get("forbidden_modules", ()) if one.startswith("grundstein.lake.")}
    there = {f"grundstein.lake.{path.stem}" for path in (ROOT / "src/grundstein/lake").iterdir() if path.stem[0] != "_"}
    assert there - named == {"grundstein.lake.looking"}
