"""A receiver that does not answer is left alone for a while, and costs no other one anything."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketmind_scheduler.application.dispatch.traffic import Traffic
from marketmind_scheduler.domain.attempt import Claim, conclude
from marketmind_scheduler.domain.breaker import Breaker, BreakerState
from marketmind_scheduler.domain.pacing import RetryPolicy
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.standing import Standing
from marketmind_scheduler.domain.verdict import (
    Accepted,
    Deferred,
    Misdirected,
    Refused,
    Unknown,
    Unsent,
    Verdict,
    VerdictKind,
)
from marketmind_scheduler.ports.publisher import Target
from tests.builders import BRAND_ID, NOW, new_id
from tests.fakes.clock import Ticking
from tests.fakes.dispatch_observer import RecordingObserver
from tests.fakes.publisher import ScriptedPublisher

OUTAGE, NO_ANSWER = Unsent("connection refused"), Unknown("no answer within 10 s")
ANSWERS: Sequence[Verdict] = [Accepted(), Deferred("busy"), Refused("too long")]
NO_ENTRY = Misdirected("the receiver answered 401: who are you", "the receiver answered 401")
FAILURES: Sequence[Verdict] = [OUTAGE, NO_ANSWER, NO_ENTRY]
OPENS = [[OUTAGE] * 5, [NO_ANSWER] * 3, [NO_ENTRY] * 3]
START = timedelta(days=3)

DEAD = Target(name="dead", sends_at_once=100, resend_window=None)
ALIVE = Target(name="alive", sends_at_once=100, resend_window=None)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def after(verdicts: Iterable[Verdict], *, now: timedelta = START, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker()
    for verdict in verdicts:
        breaker = breaker.after(verdict, now=now)
    return breaker


@pytest.mark.parametrize("opening", OPENS)
def test_a_breaker_opens_with_the_fifth_outage_or_the_third_unknown_outcome_or_misdirection_in_a_row(
    opening: list[Verdict],
) -> None:
    assert after(opening[:-1]).state(START) is BreakerState.CLOSED
    assert after(opening).state(START) is BreakerState.OPEN


@pytest.mark.parametrize(
    ("almost", "between"),
    [([OUTAGE] * 4, other) for other in (*ANSWERS, NO_ANSWER)]
    + [([NO_ANSWER] * 2, other) for other in (*ANSWERS, OUTAGE)]
    + [([NO_ENTRY] * 2, Accepted())],
)
def test_whatever_else_comes_in_between_starts_the_row_anew(almost: list[Verdict], between: Verdict) -> None:
    assert after([*almost, between, *almost]).state(START) is BreakerState.CLOSED


@pytest.mark.parametrize("opening", OPENS)
def test_an_open_breaker_rests_for_half_a_minute_and_then_lets_one_send_find_out(opening: list[Verdict]) -> None:
    breaker = after(opening)

    assert breaker.rest(START) == seconds(30)
    assert breaker.rest(START + seconds(10)) == seconds(20)
    assert breaker.state(START + seconds(29.999)) is BreakerState.OPEN
    assert breaker.state(START + seconds(30)) is BreakerState.HALF_OPEN
    assert breaker.rest(START + seconds(1000)) == timedelta()


@pytest.mark.parametrize("failure", FAILURES)
def test_each_probe_that_fails_doubles_the_rest_up_to_five_minutes(failure: Verdict) -> None:
    breaker, now, rests = after([OUTAGE] * 5), START, list[float]()

    for _ in range(20):
        rests.append(breaker.rest(now).total_seconds())
        now += breaker.rest(now)
        breaker = breaker.after(failure, now=now)

    assert rests == [30, 60, 120, 240] + [300] * 16


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_closes_the_breaker_and_forgets_how_often_it_opened(answer: Verdict) -> None:
    twice_open = after([OUTAGE], now=START + seconds(30), breaker=after([OUTAGE] * 5))

    answered = twice_open.after(answer, now=START + seconds(90))

    assert answered.state(START + seconds(90)) is BreakerState.CLOSED
    assert after([OUTAGE] * 5, breaker=answered).rest(START) == seconds(30)


@pytest.mark.parametrize("failure", FAILURES)
def test_sends_that_fail_while_it_is_open_do_not_prolong_the_rest(failure: Verdict) -> None:
    breaker = after([failure] * 50, now=START + seconds(10), breaker=after([OUTAGE] * 5))

    assert breaker.rest(START + seconds(10)) == seconds(20)


def trailing(verdicts: Sequence[Verdict], wanted: Verdict) -> int:
    return next((nth for nth, each in enumerate(reversed(verdicts)) if each != wanted), len(verdicts))


@given(st.lists(st.tuples(st.sampled_from([*ANSWERS, *FAILURES]), st.integers(0, 400)), max_size=40))
def test_whatever_happens_it_is_never_closed_on_a_dead_receiver_nor_open_for_longer_than_five_minutes(
    happenings: list[tuple[Verdict, int]],
) -> None:
    breaker, now, seen = Breaker(), START, list[Verdict]()

    for verdict, later in happenings:
        now += seconds(later)
        breaker = breaker.after(verdict, now=now)
        seen.append(verdict)

        is_dead = trailing(seen, OUTAGE) >= 5 or trailing(seen, NO_ANSWER) >= 3
        assert breaker.rest(now) <= seconds(300)
        assert not (is_dead and breaker.state(now) is BreakerState.CLOSED)
        assert breaker.state(now) is BreakerState.CLOSED or verdict in FAILURES


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def observer() -> RecordingObserver:
    return RecordingObserver()


@pytest.fixture
def traffic(observer: RecordingObserver, clock: Ticking) -> Traffic:
    """Twitter and Reddit have the dead target, TikTok the other one."""
    publisher = ScriptedPublisher(platforms=[])
    for platform, target in ((Platform.TWITTER, DEAD), (Platform.REDDIT, DEAD), (Platform.TIKTOK, ALIVE)):
        publisher.reroute(BRAND_ID, platform, target)
    return Traffic(publisher, observer=observer, monotonic=clock)


def sent(traffic: Traffic, verdict: Verdict) -> Verdict:
    assert traffic.enter(Platform.REDDIT, DEAD) is None
    traffic.leave(Platform.REDDIT, DEAD)
    return traffic.learn(a_claim(), DEAD, verdict)


def a_claim() -> Claim:
    return Claim(
        schedule_id=new_id(),
        brand_id=BRAND_ID,
        platform=Platform.REDDIT,
        token=1,
        publish_time=NOW,
        standing=Standing(),
    )


def said_of(traffic: Traffic, claim: Claim, verdict: Verdict) -> VerdictKind:
    """What is recorded once the breaker knows it."""
    learnt = traffic.learn(claim, DEAD, verdict)
    return conclude(claim, learnt, policy=RetryPolicy(), jitter=0, now=NOW).verdict


def test_of_forty_sends_that_are_refused_for_what_the_receiver_is_none_is_refused_for_good(traffic: Traffic) -> None:
    claims = [a_claim() for _ in range(40)]

    said = [said_of(traffic, claim, NO_ENTRY) for claim in claims]

    assert set(said) == {VerdictKind.MISDIRECTED}
    left_alone = traffic.enter(Platform.REDDIT, DEAD)
    assert left_alone is not None
    assert left_alone.reason == (
        "dead refuses whatever it is sent (the receiver answered 401) and is left alone for a while"
    )


def test_a_post_that_alone_is_refused_while_others_are_accepted_is_looked_at_twice_and_then_refused(
    traffic: Traffic,
) -> None:
    lone = a_claim()

    first = said_of(traffic, lone, NO_ENTRY)
    sent(traffic, Accepted())
    second = said_of(traffic, lone, NO_ENTRY)

    assert (first, second) == (VerdictKind.MISDIRECTED, VerdictKind.REFUSED)
    assert traffic.enter(Platform.REDDIT, DEAD) is None


def test_three_bad_posts_among_good_ones_do_not_close_their_receiver(traffic: Traffic) -> None:
    bad = [a_claim() for _ in range(3)]
    for claim in bad:
        said_of(traffic, claim, NO_ENTRY)
        sent(traffic, Accepted())

    said = [said_of(traffic, claim, NO_ENTRY) for claim in bad]

    assert said == [VerdictKind.REFUSED] * 3
    assert traffic.enter(Platform.REDDIT, DEAD) is None


def test_a_send_accepted_late_does_not_make_a_receiver_well_that_refuses_everything_since(
    traffic: Traffic, clock: Ticking
) -> None:
    probe = a_claim()
    said_of(traffic, probe, NO_ENTRY)
    sent(traffic, Accepted())
    for _ in range(3):
        said_of(traffic, a_claim(), NO_ENTRY)
    clock.seconds += 31

    assert said_of(traffic, probe, NO_ENTRY) is VerdictKind.MISDIRECTED


def room(traffic: Traffic, *platforms: Platform) -> Mapping[Platform, int]:
    wanted = traffic.wanted(platforms, least_lease=timedelta())
    return {platform: each.room for (platform, _), each in wanted.items()}


def test_a_receiver_that_accepts_again_is_given_all_of_what_waited(traffic: Traffic, clock: Ticking) -> None:
    for _ in range(3):
        said_of(traffic, a_claim(), NO_ENTRY)
    clock.seconds += 31

    sent(traffic, Accepted())

    assert room(traffic, Platform.REDDIT) == {Platform.REDDIT: 100}


def test_a_target_that_is_dead_on_a_platform_is_given_nothing_there_and_all_others_keep_their_room(
    traffic: Traffic,
) -> None:
    for _ in range(3):
        sent(traffic, NO_ANSWER)

    refused = traffic.enter(Platform.REDDIT, DEAD)

    assert refused is not None
    assert refused.retry_after is not None
    assert seconds(30) <= refused.retry_after <= seconds(31)
    assert room(traffic, Platform.REDDIT, Platform.TWITTER, Platform.TIKTOK) == {
        Platform.TWITTER: 100,
        Platform.TIKTOK: 100,
    }
    assert traffic.enter(Platform.TWITTER, DEAD) is None
    assert traffic.enter(Platform.TIKTOK, ALIVE) is None


def test_after_its_rest_a_target_is_given_one_send(traffic: Traffic, clock: Ticking) -> None:
    for _ in range(3):
        sent(traffic, NO_ANSWER)
    clock.seconds += 30
    free = room(traffic, Platform.REDDIT)

    probe, second = traffic.enter(Platform.REDDIT, DEAD), traffic.enter(Platform.REDDIT, DEAD)

    assert free == {Platform.REDDIT: 1}
    assert probe is None
    assert second is not None
    assert room(traffic, Platform.REDDIT) == {}


def test_a_target_that_answers_again_has_all_its_room_back(
    traffic: Traffic, clock: Ticking, observer: RecordingObserver
) -> None:
    for _ in range(3):
        sent(traffic, NO_ANSWER)
    clock.seconds += 30

    sent(traffic, Accepted())

    assert room(traffic, Platform.REDDIT) == {Platform.REDDIT: 100}
    assert observer.breaker_states == [
        (Platform.REDDIT, "dead", BreakerState.OPEN),
        (Platform.REDDIT, "dead", BreakerState.CLOSED),
    ]


def test_an_outage_is_tried_again_soon_and_once_the_breaker_is_open_after_its_rest(traffic: Traffic) -> None:
    outages = [sent(traffic, OUTAGE) for _ in range(5)]

    waits = [each.retry_after for each in outages if isinstance(each, Unsent) and each.retry_after is not None]
    assert len(waits) == 5
    assert all(seconds(1) <= each <= seconds(2) for each in waits[:4])
    assert seconds(30) <= waits[4] <= seconds(31)
