"""Room tasks. In: a question -> Out: a sentence of the corpus with its place, or that the corpus does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from grundstein.core.errors import Misused
from grundstein.core.task import Done
from grundstein.tasks.ask.options import plan_of
from grundstein.tasks.ask.solutions import Cited
from grundstein.tools.retrieval.shelf import Still

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Project


def question(project: Project, case: Case, args: Sequence[str], /) -> Done:
    """Learn from the questions of the case and answer this one; nothing is kept and nothing is released by it."""
    plan = plan_of(case)
    text = " ".join(args).strip()
    if not text:
        raise Misused("Nothing is asked.", "A question.", f'grundstein do {case.name} question "..."')
    data = {role: project.tables.read(table) for role, table in case.data.items()}
    asked = pa.table({plan.question_id: ["asked"], plan.question: [text]})
    fitted = Cited(plan, "best sentence, or silence").fit(data, 1)
    [told] = fitted.answer(asked, {"corpus": Still(data["corpus"])}).to_pylist()
    lines = [told["answer"]]
    if told["document"] is not None:
        place = ", ".join(
            filter(None, (told["document"], told["section"], f"letters {told['start']} to {told['end']}"))
        )
        lines.append(f"  {place}; sure by {told['probability']:.0%}")
    lines += [f"  see also {name}: {text[:120]}" for name, text in zip(told["cited"], told["others"], strict=True)]
    return Done("\n".join([*lines, told["by"]]), told)
