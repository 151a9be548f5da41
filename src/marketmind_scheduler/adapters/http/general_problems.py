"""The problems that no domain error stands behind."""

GENERAL: dict[int, tuple[str, str]] = {
    400: ("malformed", "The request is not of the documented form; `errors` names each place."),
    403: ("foreign_origin", "A page of another host asks; `/mcp`, and all without keys, answer those of their names."),
    404: ("no_such_route", "Nothing is at this path. Ids are UUIDs; `GET /` lists what is offered."),
    405: ("method_not_allowed", "The path exists and does not take this method; `Allow` names those it takes."),
    408: ("request_timeout", "The request body did not arrive within ten seconds."),
    413: ("body_too_large", "The body is larger than this path takes: 1 MB, or 8 MB for a campaign's posts."),
    415: ("unsupported_media_type", "Bodies are `application/json`, without a content coding."),
    421: (
        "wrong_host",
        "`/mcp`, and all without keys, answer to names of this machine, `SCHEDULER_MCP_URL`, `SCHEDULER_HOST_NAMES`.",
    ),
    500: ("unexpected", "A fault of the service. It is logged under the request id in `details`."),
    503: (
        "overloaded",
        "Too many requests at once, or this one took over ten seconds. It is done as a whole or not at all; ask again.",
    ),
    505: ("http_version_not_supported", "The request is of a version of HTTP that is not spoken here; send HTTP/1.1."),
}
"""Status, code and meaning of the problems that no domain error stands behind."""
