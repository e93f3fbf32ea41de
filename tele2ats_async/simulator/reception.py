"""The way of a request through the service: gateway, route, token, query, answer."""

import attrs
from aiohttp import web

from . import routes
from .gateway import check_accept, check_user_agent
from .inquiries import Inquiry
from .pbx import Pbx
from .queries import Query
from .refusals import Refusal, json_response
from .services import SERVICES
from .surprises import surprise

# aiohttp finds only the base path; the table of the contract finds the rest.
_PATH = "path"


@attrs.frozen(eq=False)
class Reception:
    """Serves every request that nothing stopped before."""

    pbx: Pbx

    def add_routes(self, app: web.Application) -> None:
        """Take over all paths, so that also unknown ones get the contract's error."""
        app.router.add_route("*", f"{routes.BASE_PATH}{{{_PATH}:.*}}", self.serve)
        app.router.add_route("*", f"/{{{_PATH}:.*}}", self.serve)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer or refuse."""
        try:
            return await self._answer(request)
        except Refusal as refusal:
            return refusal.respond(split_target(request)[0], self.pbx.clock())

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        check_user_agent(request.headers)
        operation = find_operation(request)
        if operation is None:
            raise routes.refuse_route(request.method, request.match_info[_PATH])
        service = SERVICES[operation.number]
        check_accept(request.headers, service.media_ranges)
        self._authorize(request, operation)
        query = Query.read(split_target(request)[1], service.parameters)
        variables = operation.read_variables(request.match_info[_PATH])
        answer = await service.answer(self.pbx, Inquiry(request, query, variables))
        if isinstance(answer, web.StreamResponse):
            return answer
        return spell(self.pbx, answer)

    def _authorize(self, request: web.Request, operation: routes.Operation) -> None:
        token = request.headers.get("Authorization")
        if operation.number == routes.REFRESH:
            self.pbx.office.judge_refresh(token)
        else:
            self.pbx.office.judge_access(token)


def spell(pbx: Pbx, answer: object) -> web.Response:
    """Answer with a JSON value, and whatever else the service puts into it."""
    return json_response(surprise(answer) if pbx.surprises else answer)


def find_operation(request: web.Request) -> routes.Operation | None:
    """Find which operation a request is for."""
    return routes.find_operation(request.method, request.match_info[_PATH])


def split_target(request: web.Request) -> tuple[str, str]:
    """Give the raw path and the raw query, as they came over the wire."""
    path, _, query = request.raw_path.partition("?")
    return path, query
