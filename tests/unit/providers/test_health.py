from __future__ import annotations

import pytest

from webui.providers.health import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Health, State


class Clock:
    """Time that passes only when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock=clock)


def fail(health: Health, times: int = FAILURES) -> None:
    for _ in range(times):
        health.failed("down")


def test_nothing_is_known_before_the_first_answer(health: Health) -> None:
    assert (health.state, health.admits(), health.waits) == (State.UNKNOWN, True, 0)
    health.succeeded()
    assert health.state is State.CLOSED


def test_failures_in_a_row_open_the_circuit(health: Health) -> None:
    fail(health, FAILURES - 1)
    assert (health.state, health.admits()) == (State.CLOSED, True)
    fail(health, 1)
    assert (health.state, health.admits(), health.error) == (State.OPEN, False, "down")
    assert health.waits == FIRST_PAUSE


def test_a_success_in_between_begins_anew(health: Health) -> None:
    fail(health, FAILURES - 1)
    health.succeeded()
    fail(health, FAILURES - 1)
    assert health.admits()


def test_after_the_pause_one_probe_is_let_through(health: Health, clock: Clock) -> None:
    fail(health)
    clock.sleep(FIRST_PAUSE)
    assert health.state is State.HALF_OPEN
    assert [health.admits() for _ in range(3)] == [True, False, False]
    assert health.state is State.HALF_OPEN


def test_a_probe_that_succeeds_closes_the_circuit(health: Health, clock: Clock) -> None:
    fail(health)
    clock.sleep(FIRST_PAUSE)
    health.admits()
    health.succeeded()
    assert (health.state, health.admits(), health.failures, health.error) == (State.CLOSED, True, 0, None)
    fail(health)
    assert health.waits == FIRST_PAUSE


def test_each_probe_that_fails_doubles_the_pause_up_to_a_bound(health: Health, clock: Clock) -> None:
    fail(health)
    pauses = []
    for _ in range(8):
        pauses.append(health.waits)
        clock.sleep(health.waits)
        assert health.admits()
        health.failed("still down")
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]
    assert pauses[-1] == LONGEST_PAUSE


def test_a_probe_that_never_ends_is_followed_by_another(health: Health, clock: Clock) -> None:
    fail(health)
    clock.sleep(FIRST_PAUSE)
    assert health.admits()
    clock.sleep(FIRST_PAUSE)
    assert [health.admits(), health.admits()] == [True, False]


def test_who_tries_an_open_circuit_nevertheless_does_not_lengthen_the_pause(health: Health, clock: Clock) -> None:
    fail(health)
    clock.sleep(4)
    fail(health, 20)
    assert health.waits == FIRST_PAUSE - 4


def test_a_success_of_any_request_closes_an_open_circuit(health: Health) -> None:
    fail(health)
    health.succeeded()
    assert health.state is State.CLOSED
