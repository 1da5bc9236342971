"""Tabs are lent fairly, within every limit, and whatever fails takes nothing else with it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st

from dreamscape.client.pool import HTTP1_STREAMS, MANY_STREAMS, Pool, PoolLimits
from dreamscape.domain.errors import BrowserGone, BrowserMissing, NoAnswer, PageHung, TimeSpent


@dataclass
class FakeTab:
    is_open: bool = True

    def close(self) -> None:
        self.is_open = False


@dataclass
class FakeBrowser:
    """Counts; ``mib`` is what it weighs."""

    number: int
    is_sound: bool = True
    mib: float = 0.0
    tabs: list[FakeTab] = field(default_factory=list)
    is_open: bool = True
    is_ending: bool = False

    def open_tab(self) -> FakeTab:
        self.tabs.append(FakeTab())
        return self.tabs[-1]

    def is_well(self) -> bool:
        return self.is_sound

    def memory_mib(self) -> float:
        return self.mib


@dataclass
class Machine:
    """Where browsers are opened; ``opening`` is called each time, and ``closing`` when one ends."""

    opening: Callable[[], None] = lambda: None
    closing: Callable[[], None] = lambda: None
    browsers: list[FakeBrowser] = field(default_factory=list)

    @contextlib.contextmanager
    def open(self, number: int) -> Iterator[FakeBrowser]:
        assert all(other.number != number for other in self.open_now()), "a folder is used by one browser"
        self.opening()
        browser = FakeBrowser(number)
        self.browsers.append(browser)
        try:
            yield browser
        finally:
            browser.is_ending = True
            self.closing()
            browser.is_open = False

    def open_now(self) -> list[FakeBrowser]:
        return [browser for browser in self.browsers if browser.is_open]


def pool_of(machine: Machine, **limits: float) -> Pool:
    return Pool(machine.open, PoolLimits(**limits))  # type: ignore[arg-type]  # a stand-in for the real browser


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@given(
    workers=st.integers(1, 12),
    prompts=st.integers(1, 30),
    browsers=st.integers(1, 3),
    streams=st.integers(1, 4),
    most=st.integers(0, 5),
    renewed=st.integers(1, 8),
    failing=st.sets(st.integers(0, 29)),
)
@few(max_examples=60)
def test_every_prompt_gets_a_tab_of_its_own_within_all_limits(
    workers: int, prompts: int, browsers: int, streams: int, most: int, renewed: int, failing: set[int]
) -> None:
    machine, lock = Machine(), threading.Lock()
    pool = pool_of(machine, browsers=browsers, streams=streams, at_once=most, prompts=renewed)
    in_use: list[FakeTab] = []
    highest = 0

    def talk(number: int) -> None:
        nonlocal highest
        with contextlib.suppress(PageHung), pool.lend() as tab:
            assert isinstance(tab, FakeTab)
            with lock:
                assert tab.is_open
                assert not any(tab is other for other in in_use)
                in_use.append(tab)
                highest = max(highest, len(in_use))
                assert len(machine.open_now()) <= browsers
            time.sleep(0)
            with lock:
                in_use[:] = [other for other in in_use if other is not tab]
            if number in failing:
                raise PageHung("no")

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(talk, range(prompts)))

    assert highest <= min(pool.at_once, workers)
    assert pool.counts()[1:] == (0, 0)
    pool.close()
    assert machine.open_now() == []


def test_a_browser_is_filled_before_another_is_opened() -> None:
    machine = Machine()
    pool = pool_of(machine, browsers=3)
    with contextlib.ExitStack() as lent:
        for count in range(1, HTTP1_STREAMS + 2):
            lent.enter_context(pool.lend())
            assert len(machine.browsers) == (1 if count <= HTTP1_STREAMS else 2)


def test_a_site_that_streams_all_over_one_connection_needs_one_browser() -> None:
    machine = Machine()
    pool = pool_of(machine, browsers=2)
    pool.learn_protocol("h2")
    with contextlib.ExitStack() as lent:
        for _ in range(MANY_STREAMS):
            lent.enter_context(pool.lend())
        assert len(machine.browsers) == 1


def test_who_came_first_is_served_first_and_priorities_before() -> None:
    pool = pool_of(Machine(), browsers=1, streams=1)
    served: list[str] = []

    def talk(name: str, priority: int) -> None:
        with pool.lend(priority):
            served.append(name)

    threads = [threading.Thread(target=talk, args=args) for args in (("a", 0), ("b", 0), ("urgent", 5), ("c", 0))]
    with pool.lend():
        for count, thread in enumerate(threads, start=1):
            thread.start()
            until(lambda count=count: pool.counts()[2] == count)  # type: ignore[misc]
    for thread in threads:
        thread.join()

    assert served == ["urgent", "a", "b", "c"]


def test_who_waits_longer_than_may_be_is_told() -> None:
    pool = pool_of(Machine(), browsers=1, streams=1)
    with pool.lend(), pytest.raises(TimeSpent), pool.lend(deadline=time.monotonic() + 0.01):
        pass
    with pool.lend():
        pass


def test_a_browser_that_does_not_start_is_told_and_the_next_prompt_tries_again() -> None:
    starts = iter([BrowserMissing("no"), None])

    def opening() -> None:
        if error := next(starts):
            raise error

    pool = pool_of(Machine(opening))
    with pytest.raises(BrowserMissing), pool.lend():
        pass
    with pool.lend():
        pass


def test_a_tab_that_failed_is_closed_and_its_browser_goes_on() -> None:
    machine = Machine()
    pool = pool_of(machine)
    with pytest.raises(PageHung), pool.lend():
        raise PageHung("no")
    with pool.lend():
        pass

    (browser,) = machine.open_now()
    assert [tab.is_open for tab in browser.tabs] == [False, True]


def test_a_browser_that_is_gone_is_replaced_once_nobody_is_in_it() -> None:
    machine = Machine()
    pool = pool_of(machine, browsers=1)
    with pool.lend():
        with pytest.raises(BrowserGone), pool.lend():
            machine.browsers[0].is_sound = False
            raise BrowserGone("killed")
        assert machine.browsers[0].is_open
    with pool.lend():
        assert [browser.is_open for browser in machine.browsers] == [False, True]


@pytest.mark.parametrize(("limits", "mib"), [({"prompts": 20}, 0.0), ({"mib": 100}, 200.0)])
def test_a_browser_is_renewed_after_so_many_prompts_or_above_so_much_memory(limits: dict[str, int], mib: float) -> None:
    machine = Machine()
    pool = pool_of(machine, **limits)
    for _ in range(20):
        with pool.lend():
            machine.browsers[0].mib = mib
    with pool.lend():
        assert [browser.is_open for browser in machine.browsers] == [False, True]


def test_nobody_waits_for_a_browser_that_is_being_ended_but_who_closes_the_pool() -> None:
    ending, may_end = threading.Event(), threading.Event()

    class Slow(Machine):
        @contextlib.contextmanager
        def open(self, number: int) -> Iterator[FakeBrowser]:
            with super().open(number) as browser:
                yield browser
                ending.set()
                may_end.wait(20)

    machine = Slow()
    pool = pool_of(machine, prompts=1)
    with pool.lend():
        pass
    assert ending.wait(20)
    closing = threading.Thread(target=pool.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    may_end.set()
    closing.join()

    assert machine.open_now() == []


def test_prompts_are_begun_no_faster_than_the_site_allows() -> None:
    pool = pool_of(Machine(), per_minute=1200.0)
    began = time.monotonic()
    for _ in range(5):
        with pool.lend():
            pass

    assert time.monotonic() - began >= 4 * 60 / 1200


def test_closing_lets_those_who_talk_end_and_turns_the_others_away() -> None:
    machine = Machine()
    pool = pool_of(machine, browsers=1, streams=1)
    talking, may_end, turned_away = threading.Event(), threading.Event(), []

    def talk() -> None:
        with pool.lend():
            talking.set()
            may_end.wait(20)

    def wait() -> None:
        try:
            with pool.lend():
                pass
        except NoAnswer as error:
            turned_away.append(error)

    threads = [threading.Thread(target=talk), threading.Thread(target=wait)]
    threads[0].start()
    talking.wait(20)
    threads[1].start()
    until(lambda: pool.counts()[2] == 1)
    closing = threading.Thread(target=pool.close, args=(time.monotonic() + 20,))
    closing.start()
    threads[1].join()
    assert machine.browsers[0].is_open
    may_end.set()
    closing.join()
    threads[0].join()

    assert not machine.browsers[0].is_open
    assert isinstance(turned_away[0], BrowserGone)
    with pytest.raises(BrowserGone), pool.lend():
        pass


def test_closing_while_a_broken_browser_just_ends_ends_the_others_too() -> None:
    machine = Machine()
    pool = pool_of(machine, browsers=2, streams=1)
    lent, may_end = threading.Event(), threading.Event()

    def talk() -> None:
        with contextlib.suppress(BrowserGone), pool.lend():
            lent.set()
            may_end.wait(20)
            machine.browsers[0].is_sound = False
            raise BrowserGone("killed")

    thread = threading.Thread(target=talk)
    thread.start()
    lent.wait(20)
    with pool.lend():
        machine.closing = lambda: time.sleep(0.3)
        may_end.set()
        until(lambda: machine.browsers[0].is_ending)
        pool.close()
        thread.join()

    assert machine.open_now() == []


def test_getting_warm_opens_a_browser_and_is_no_prompt() -> None:
    machine = Machine()
    pool = pool_of(machine, per_minute=1.0)
    pool.warm_up()
    until(lambda: bool(machine.browsers) and pool.counts() == (1, 0, 0))

    with pool.lend(deadline=time.monotonic() + 1):
        assert len(machine.browsers) == 1


def test_closing_waits_for_a_browser_that_is_just_starting() -> None:
    may_start = threading.Event()
    machine = Machine(lambda: (may_start.wait(20), None)[1])
    pool = pool_of(machine)
    pool.warm_up()
    threading.Timer(0.1, may_start.set).start()
    until(lambda: pool.counts()[2] == 0)
    pool.close()

    assert machine.open_now() == []


def test_closing_ends_also_where_a_browser_that_is_just_starting_does_not_end_in_order() -> None:
    may_start = threading.Event()

    def fail() -> None:
        raise OSError("no")

    machine = Machine(lambda: (may_start.wait(20), None)[1], fail)
    pool = pool_of(machine)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(contextlib.ExitStack().enter_context, pool.lend())
        until(lambda: bool(pool._opening))
        closing = threading.Thread(target=pool.close, daemon=True)
        closing.start()
        until(lambda: pool._is_closed)
        may_start.set()
        closing.join(5)

        assert not closing.is_alive()
        assert isinstance(asked.exception(), OSError)
