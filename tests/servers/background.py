"""An asyncio loop in a thread of its own, so that a server can run beside a test that is not asynchronous."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

RESULT_S_MAX = 30  # nothing here waits for anything slower than a local socket

Result = TypeVar("Result")


class Background:
    """Runs coroutines in one thread until it is closed."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the thread and return what it returns, or raise what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(RESULT_S_MAX)

    def close(self) -> None:
        """Cancel what still runs, end the thread and close the loop."""
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(RESULT_S_MAX)
        self.loop.close()

    @staticmethod
    async def _cancel_all() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
