from hypothesis import given
from hypothesis import strategies as st

from engine.clock import MAX_FRAME_NS, NANOSECONDS, LockstepClock, WindowClock


@given(
    rate=st.integers(1, 64),
    speed=st.sampled_from([1, 2, 64]),
    frames=st.lists(st.integers(0, MAX_FRAME_NS), min_size=1, max_size=200),
)
def test_ticks_are_exactly_the_scaled_time_whatever_the_frames(rate, speed, frames):
    clock, now, ticks = WindowClock(rate, speed), 10**15, 0
    clock.due(now)
    for frame in frames:
        now += frame
        ticks += clock.due(now)
        assert 0 <= clock.alpha < 1
    assert ticks == sum(frames) * speed * rate // NANOSECONDS


def test_a_hitch_costs_at_most_a_quarter_second_of_world_time():
    clock = WindowClock(16)
    clock.due(0)
    assert clock.due(60 * NANOSECONDS) == 4


def test_at_high_speed_a_turn_steps_no_more_than_it_may_and_owes_nothing():
    clock = WindowClock(16, speed=64, most_ticks=64)
    clock.due(0)
    assert clock.due(MAX_FRAME_NS) == 64
    assert clock.due(MAX_FRAME_NS) == 0


def test_time_going_backwards_steps_nothing():
    clock = WindowClock(16)
    clock.due(NANOSECONDS)
    assert clock.due(0) == 0


def test_pause_stops_ticks_and_single_steps_pass():
    clock = WindowClock(16, paused=True)
    clock.due(0)
    assert clock.due(NANOSECONDS // 5) == 0
    clock.step_once()
    clock.step_once()
    assert clock.due(NANOSECONDS // 4) == 2
    assert clock.alpha == 1.0


def test_speed_stays_between_1_and_64():
    clock = WindowClock(16)
    for _ in range(9):
        clock.faster()
    assert clock.speed == 64
    for _ in range(9):
        clock.slower()
    assert clock.speed == 1


def test_lockstep_is_due_one_tick_whatever_the_time():
    clock = LockstepClock()
    assert [clock.due(now) for now in (0, 0, 10**18, 5)] == [1, 1, 1, 1]
