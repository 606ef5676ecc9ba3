"""Room project. In: `cases/NAME.yaml` -> Out: Case, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from grundstein.core.case import MONEY_FORMS, Again, Also, Case, Money
from grundstein.core.errors import Refused, offered
from grundstein.project.also import also_content, check_also
from grundstein.project.models import CaseFile, MoneyFile
from grundstein.project.yaml_files import checked, checked_options, line_of, read, together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from grundstein.core.task import Task

HIGH_RISK = ("staff", "applicants")


def read_case(path: Path, task: Callable[[str], Task]) -> Case:
    """Read and check a case; its task says which fields it adds."""
    content = read(path)
    if content.get("idea") is True or not content.get("task"):
        return _case(path.stem, checked(CaseFile, content, path), {}, "rows")
    own = _own_task(path, content, task)
    names = tuple(field.name for field in fields(own.options))
    common = type(content)((name, value) for name, value in content.items() if name not in names)
    if hasattr(content, "copy_attributes"):
        content.copy_attributes(common)
    file, options = together(
        lambda: checked(CaseFile, common, path, (*CaseFile.model_fields, *names)),
        lambda: checked_options(own.options, _restricted(content, names), path),
    )
    check_also(file, content, path)
    return _case(path.stem, file, options, next(role.name for role in own.roles if role.required))


def _own_task(path: Path, content: Mapping[str, Any], task: Callable[[str], Task]) -> Task:
    name = content["task"]
    if isinstance(name, str):
        try:
            return task(name)
        except Refused as refused:
            where = f"{path.name}, line {line_of(content, ['task'])}"
            raise Refused(f"{where}: {refused.what}", refused.expected, f"Correct `task` in {path}") from None
    raise Refused(f"{path.name}: `task` is {name!r}.", "The name of a task.", f"Correct `task` in {path}")


def _restricted(content: Any, names: tuple[str, ...]) -> Any:
    own = type(content)((name, content[name]) for name in names if name in content)
    if hasattr(content, "copy_attributes"):
        content.copy_attributes(own)
    return own


def _case(name: str, file: CaseFile, options: Mapping[str, Any], main: str) -> Case:
    """Build a case; a table without a role is the task's first that is needed, `main`."""
    data = {main: file.data} if isinstance(file.data, str) else dict(file.data)
    plain = file.model_dump(exclude={"data", "money", "horizon", "ignore", "key", "signed_by", "risk", "also", "again"})
    return Case(
        name=name,
        data={role: table for role, table in data.items() if table},
        options=dict(options),
        money=_money(file.money) if file.money else None,
        horizon_days=file.horizon,
        ignore=tuple(file.ignore),
        key=tuple(file.key),
        signed_by=tuple(file.signed_by),
        risk=file.risk or ("high" if file.affects in HIGH_RISK else ""),
        also=tuple(Also(**(one.model_dump() | {"columns": tuple(one.columns)})) for one in file.also),
        again=Again(**file.again.model_dump()) if file.again else None,
        **plain,
    )


def _money(file: MoneyFile) -> Money:
    form = file.form()
    given = {name: getattr(file, name) for name in MONEY_FORMS[form]}
    return Money(form, {name: float(v) for name, v in given.items() if v is not None}, tuple(file.assumed))


def case_content(case: Case) -> dict[str, Any]:
    """Return a case as a person would write it: fields that differ from their defaults, in a fixed order."""
    content: dict[str, Any] = {"question": case.question}
    content["data"] = case.data["rows"] if tuple(case.data) == ("rows",) else dict(case.data)
    content |= {"task": case.task, **{key: value for key, value in case.options.items() if value not in (None, "")}}
    blank = Case("", "", "", {})
    for field in fields(Case):
        value = getattr(case, field.name)
        apart = ("name", "question", "task", "data", "options", "money", "also", "again")
        if field.name not in apart and value != getattr(blank, field.name):
            written = "horizon" if field.name == "horizon_days" else field.name
            content[written] = list(value) if isinstance(value, tuple) else value
    if case.money:
        assumed = {"assumed": list(case.money.assumed)} if case.money.assumed else {}
        content["money"] = {**case.money.amounts, **assumed}
    if case.again:
        content["again"] = {name: value for name, value in vars(case.again).items() if value is not None}
    if case.also:
        content["also"] = [also_content(one) for one in case.also]
    return content


def unknown_case(name: str, names: tuple[str, ...]) -> Refused:
    """The error for a case that is not there."""
    return Refused(f'There is no case "{name}".', offered(name, names), "grundstein new NAME --task predict")
