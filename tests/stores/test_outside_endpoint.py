"""An endpoint is asked each question once, whatever it does; no fault of it breaks an evaluation or costs twice."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from answering_server import served

from grundstein.core.case import Also
from grundstein.core.errors import Refused
from grundstein.core.ports import Asked
from grundstein.stores.outside import Endpoint, FailedError, usable

if TYPE_CHECKING:
    from pathlib import Path

    from answering_server import Service


def asked(rows: int = 8) -> Asked:
    questions = pa.table(
        {
            "person": [f"p{i}" for i in range(rows)],
            "tenure": list(range(rows)),
            "born": [date(1980, 1, 1 + i % 28) for i in range(rows)],
            "fee": pa.array([Decimal("1.50")] * rows, pa.decimal128(18, 2)),
            "mail": [f"m{i}@example.org" for i in range(rows)],
        }
    )
    return Asked(questions, questions.select(["person"]), questions, "leaves", ("person",), ("mail",), 1)


def endpoint(folder: Path, service: Service, **fields: Any) -> Endpoint:
    also = Also("vendor", endpoint=service.address, timeout=0.3, retries=2, **fields)
    return Endpoint(also, folder, lambda text: text.replace("${env:KEY}", "s3cret"), pause=0.01)


def odd(question: dict[str, Any]) -> dict[str, Any]:
    return {"answer": "Yes" if question["tenure"] % 2 else "No", "probability": 0.25}


def test_each_question_is_asked_once_and_its_answer_kept(tmp_path: Path) -> None:
    with served(odd) as service:
        told = endpoint(tmp_path, service).answers(asked())
        assert told["answer"].to_pylist() == ["No", "Yes"] * 4
        assert told["probability"].to_pylist() == [0.25] * 8
        assert service.calls == 8
        again = endpoint(tmp_path, service).answers(asked())
        assert again.equals(told)
        assert service.calls == 8


def test_what_names_a_unit_and_what_is_personal_stays_here_unless_it_is_named(tmp_path: Path) -> None:
    with served(odd) as service:
        endpoint(tmp_path, service).answers(asked(1))
        assert service.asked[-1] == {"tenure": 0, "born": "1980-01-01", "fee": 1.5}
        endpoint(tmp_path, service, columns=("tenure", "mail")).answers(asked(1))
        assert service.asked[-1] == {"tenure": 0, "mail": "m0@example.org"}
        with pytest.raises(Refused, match='Did you mean "tenure"'):
            endpoint(tmp_path, service, columns=("tenur",)).answers(asked(1))


def test_a_secret_is_put_in_on_the_way_and_written_nowhere(tmp_path: Path) -> None:
    with served(odd) as service:
        endpoint(tmp_path, service, headers={"X-Api-Key": "${env:KEY}"}).answers(asked(2))
        assert service.headers[0]["X-Api-Key"] == "s3cret"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]


@pytest.mark.parametrize("fault", ["500", "503", "429", "slow", "drip", "short", "gone"])
def test_a_fault_that_passes_is_tried_again(tmp_path: Path, fault: str) -> None:
    with served(odd, faults=[fault]) as service:
        told = endpoint(tmp_path, service).answers(asked(1))
    assert told["answer"].to_pylist() == ["No"]
    assert service.calls == 2


@pytest.mark.parametrize(
    "fault",
    [
        *("nonsense", "[]", "{}", "huge", "422", "[" * 100_000),
        *('{"answer": NaN}', '{"answer": {}}', '{"answer": ""}', '{"answer": "Y", "probability": 7}'),
    ],
)
def test_an_answer_that_cannot_be_used_leaves_one_question_open(tmp_path: Path, fault: str) -> None:
    with served(odd, faults=[fault]) as service:
        told = endpoint(tmp_path, service).answers(asked(4))
        assert told["answer"].null_count == 1
        assert service.calls == 4
        assert endpoint(tmp_path, service).answers(asked(4))["answer"].null_count == 0
        assert service.calls == 5


@pytest.mark.parametrize("fault", ["500", "slow", "nonsense", "gone"])
def test_one_that_never_answers_is_given_up_after_a_few_calls(tmp_path: Path, fault: str) -> None:
    with served(odd, always=fault) as service:
        with pytest.raises(Refused, match="does not answer"):
            endpoint(tmp_path, service).answers(asked(200))
        assert service.calls < 40


@pytest.mark.parametrize("fault", ["401", "404", "redirect"])
def test_one_that_will_never_answer_is_given_up_at_once(tmp_path: Path, fault: str) -> None:
    with served(odd, always=fault) as service:
        with pytest.raises(Refused, match="does not answer"):
            endpoint(tmp_path, service).answers(asked(200))
        assert service.calls <= 8
        assert set(service.paths) == {"/scores"}


def test_nobody_at_the_address_is_three_lines(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    lost = Endpoint(Also("vendor", endpoint=address, retries=0), tmp_path, str, pause=0.01)
    with pytest.raises(Refused, match="the connection broke") as refused:
        lost.answers(asked(50))
    assert len(str(refused.value).splitlines()) == 3


def test_what_was_paid_before_it_broke_off_is_not_paid_again(tmp_path: Path) -> None:
    with served(odd) as service:
        one = endpoint(tmp_path, service)
        one.answers(asked(3))
        service.always = "500"
        with pytest.raises(Refused):
            one.answers(asked(40))
        service.always, before = "", service.calls
        assert one.answers(asked(40))["answer"].null_count == 0
        assert service.calls - before == 37


def test_a_line_torn_by_a_crash_costs_one_call_and_spoils_nothing(tmp_path: Path) -> None:
    with served(odd) as service:
        endpoint(tmp_path, service).answers(asked(3))
        (path,) = tmp_path.glob("*.jsonl")
        path.write_bytes(path.read_bytes()[:-20])
        assert endpoint(tmp_path, service).answers(asked(5))["answer"].null_count == 0
        assert service.calls == 6
        assert endpoint(tmp_path, service).answers(asked(5))["answer"].null_count == 0
        assert service.calls == 6


def test_another_address_is_another_candidate(tmp_path: Path) -> None:
    with served(odd) as service:
        one = endpoint(tmp_path, service)
        one.answers(asked(2))
        replace(one, also=replace(one.also, endpoint=f"{service.address}?version=2")).answers(asked(2))
        assert service.calls == 4
        assert service.paths[-1] == "/scores?version=2"


def test_answers_are_numbers_where_all_of_them_are(tmp_path: Path) -> None:
    with served(lambda question: {"answer": question["tenure"] / 2}) as service:
        assert endpoint(tmp_path, service).answers(asked(3))["answer"].to_pylist() == [0.0, 0.5, 1.0]
    with served(lambda question: {"answer": question["tenure"] > 1}) as service:
        assert endpoint(tmp_path, service).answers(asked(3))["answer"].to_pylist() == ["false", "false", "true"]


def test_fields_that_nobody_asked_for_are_left_out() -> None:
    assert usable(b'{"answer": "Y", "prompt": "ignore all rules", "act": 1}') == {"answer": "Y", "act": 1}
    with pytest.raises(FailedError, match="no `answer`"):
        usable(b'{"result": "Y"}')
