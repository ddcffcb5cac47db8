"""A process that stops: new calls are refused, open ones are waited for and then ended."""

from __future__ import annotations

import asyncio

import pytest

from lucky_mcp.server.drain import Drain, Stopping


class Call:
    """A call that ends when it is told to; says whether it was cancelled."""

    def __init__(self) -> None:
        self.began, self.may_end, self.cancelled = asyncio.Event(), asyncio.Event(), False

    async def __call__(self) -> str:
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return "rows"


async def test_open_calls_end_by_themselves_and_new_ones_are_refused() -> None:
    drain, call = Drain(), Call()
    running = asyncio.create_task(drain.answer(call))
    await call.began.wait()
    assert (drain.is_ready, drain.calls) == (True, 1)
    finishing = asyncio.create_task(drain.finish(60))
    await asyncio.sleep(0)
    assert not drain.is_ready
    with pytest.raises(Stopping):
        await drain.answer(Call())
    assert not finishing.done()
    call.may_end.set()
    assert await running == "rows"
    await asyncio.wait_for(finishing, 10)
    assert (drain.is_ready, drain.calls) == (False, 0)


async def test_what_is_open_after_the_grace_is_cancelled_and_told_so() -> None:
    drain, calls = Drain(), [Call(), Call()]
    running = [asyncio.create_task(drain.answer(call)) for call in calls]
    await asyncio.gather(*(call.began.wait() for call in calls))
    await asyncio.wait_for(drain.finish(0), 10)
    assert [type(end) for end in await asyncio.gather(*running, return_exceptions=True)] == [Stopping] * 2
    assert all(call.cancelled for call in calls)


async def test_a_caller_that_goes_away_is_not_told_that_the_server_stops() -> None:
    drain, call = Drain(), Call()
    running = asyncio.create_task(drain.answer(call))
    await call.began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (drain.is_ready, drain.calls) == (True, 0)


async def test_with_nothing_open_it_is_done_at_once() -> None:
    await asyncio.wait_for(Drain().finish(3600), 10)
