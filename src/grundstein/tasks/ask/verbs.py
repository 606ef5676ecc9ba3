"""Room tasks. In: a question -> Out: a sentence of the corpus with its place, or that the corpus does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from grundstein.core.errors import Misused
from grundstein.core.task import Done
from grundstein.tasks.ask import writing
from grundstein.tasks.ask.library import Place
from grundstein.tasks.ask.options import plan_of
from grundstein.tasks.ask.solutions import Cited
from grundstein.tools import keeping
from grundstein.tools.retrieval.shelf import Still

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grundstein.core.case import Case
    from grundstein.core.ports import Project, Writer


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
    writer = project.writer(case)
    if writer is None or not told["act"]:
        return Done(_shown(told), told)
    return _written(fitted, writer, text, told)


def _written(fitted: Cited, writer: Writer, text: str, told: dict[str, Any]) -> Done:
    """What a model makes of the passages; where it is not all cited and held by them, the sentence stands alone."""
    documents = [told["document"], *told["cited"]]
    texts = [told["passage"], *told["others"]]
    places = [Place(name, "", 0, passage) for name, passage in zip(documents, texts, strict=True)]
    languages = keeping.fitted(fitted.shelf).shape.languages
    said = writer.write(writing.told_to(languages), writing.asked(text, places))
    answer = writing.read(said, places, languages[0])
    if answer.refused or not answer.sentences:
        why = answer.refused or "it says that the passages do not answer"
        return Done(f"{_shown(told)}\nWhat the language model wrote is not shown: {why}.", {**told, "refused": why})
    cited = sorted({place for one in answer.sentences for place in one.cited})
    lines = [answer.text, *(f"  [{place + 1}] {documents[place]}: {texts[place][:200]}" for place in cited), told["by"]]
    return Done("\n".join(lines), {**told, "written": answer.text, "sources": [documents[place] for place in cited]})


def _shown(told: dict[str, Any]) -> str:
    lines = [told["answer"]]
    if told["document"] is not None:
        place = ", ".join(
            filter(None, (told["document"], told["section"], f"letters {told['start']} to {told['end']}"))
        )
        lines.append(f"  {place}; sure by {told['probability']:.0%}")
    lines += [f"  see also {name}: {text[:120]}" for name, text in zip(told["cited"], told["others"], strict=True)]
    return "\n".join([*lines, told["by"]])
