"""The measuring of what a model understands: the right answers can be given, and worth is judged as it says."""

from dataclasses import replace
from io import StringIO

import pytest
from benchmarks.agent import speed
from benchmarks.agent.asking import Instruction, Understood, instructions, understood
from benchmarks.agent.judging import Worth, worth_of, worth_of_fields
from benchmarks.agent.report import report
from rich.console import Console

from marketmind_scheduler.domain.agent.intent import Aim, Covers, Intent
from marketmind_scheduler.domain.planning.agent_part import FallbackReason
from marketmind_scheduler.domain.rules.policy import Weekday
from marketmind_scheduler.ports.language_model import ModelUnavailable
from tests.fakes.language_model import ScriptedLanguageModel, filled

RIGHT = Intent(quiet=(22, 7), most_per_day=2)


def test_there_are_sixty_instructions_and_each_can_be_answered_rightly() -> None:
    found = instructions()

    assert len({each.words for each in found}) == 60
    assert {each.right.covers for each in found} == {*Covers}


def test_stricter_is_safe_looser_is_wrong_and_what_asks_back_is_safe() -> None:
    cases = [
        (RIGHT, Worth.EXACT),
        (replace(RIGHT, quiet=(21, 8)), Worth.SAFE),
        (replace(RIGHT, most_per_day=1, avoided=frozenset({Weekday.SU})), Worth.SAFE),
        (replace(RIGHT, quiet=(23, 7)), Worth.WRONG),
        (replace(RIGHT, most_per_day=None), Worth.WRONG),
        (replace(RIGHT, aim=Aim.LAUNCH), Worth.WRONG),
        (replace(RIGHT, most_per_day=None, covers=Covers.PART), Worth.SAFE),
        (replace(RIGHT, covers=Covers.NOTHING), Worth.SAFE),
        (Intent(), Worth.SAFE),
        (None, Worth.SAFE),
    ]
    assert [worth_of(RIGHT, found) for found, _ in cases] == [worth for _, worth in cases]
    assert worth_of_fields(RIGHT, replace(RIGHT, quiet=(23, 7)))["quiet hours"] is Worth.WRONG


async def test_what_cannot_be_read_is_asked_again_once() -> None:
    model = ScriptedLanguageModel("?", lambda question: filled(question, sunday="avoid", covers="all"))

    found = await understood(model, "Not on Sundays.", seconds=5)

    assert (found.intent, len(found.answers)) == (Intent(avoided=frozenset({Weekday.SU})), 2)


async def test_the_report_counts_everything_once() -> None:
    gone = ScriptedLanguageModel(ModelUnavailable(FallbackReason.TIMEOUT, "no answer came"))
    asked = Instruction(words="Not on Sundays.", right=RIGHT)
    printed = StringIO()

    report(
        Console(file=printed, width=120),
        [(asked, await understood(gone, "", seconds=5)), (asked, Understood(intent=RIGHT))],
    )

    assert "2 instructions, 0 answers of no model answered" in printed.getvalue()
    assert "instructions as a whole   1       1      0" in printed.getvalue()
    assert "1 timeout" in printed.getvalue()


async def test_what_a_run_takes_besides_the_answers_is_printed_beside_the_plan_and_its_alternatives(
    capsys: pytest.CaptureFixture[str],
) -> None:
    await speed.measure([(2, 3)], rounds=1)

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "ratio"
    assert [row[13:23] for row in rows] == ["no words  ", "with words"]
    assert all(float(row.split()[-1]) > 0 for row in rows)
