"""Injects the faults of a session: before a request is handled, or in place of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from tokentape.edges.server import Answer
from tokentape.pure.http.messages import Request
from tokentape.pure.replay.fault_responses import NO_ANSWER, fault_response
from tokentape.pure.replay.faults import Fault
from tokentape.session.ports import ignore_written
from tokentape.session.service import Service


@dataclass(frozen=True, slots=True)
class Injector:
    """Handles the requests of a session that has faults.

    A request that gets one in place of an answer is as if it had never come: nothing is recorded
    or used up, and its Idempotency-Key is free. `lose` is the other way about: all of it was done.
    """

    service: Service

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer a request, as the service does if it meets no fault."""
        operation = self.service.redactor.match(request)
        faults = self.service.faults
        fault = faults.meet(operation.route.operation) if operation else None
        return self._injected(request, fault) if fault else self.service.handle(request)

    async def _injected(self, request: Request, fault: Fault) -> Answer:
        injected = self.service.counts.injected
        injected[str(fault)] = injected.get(str(fault), 0) + 1
        await asyncio.sleep(fault.delay)
        if fault.kind not in ("", "lose"):
            response = fault_response(fault.kind)
            self.service.tell_injected(request, response)
            return response, ignore_written
        handled = self.service.handle(request)
        answer = handled if isinstance(handled, tuple) else await handled
        return (NO_ANSWER, answer[1]) if fault.kind == "lose" else answer
