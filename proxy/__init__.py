"""tokentape: record Stripe token traffic once, replay it offline, keep no secret.

The floors, from the street up to the roof; imports go down only (see pyproject, import-linter):

    errors            what can go wrong, in words for people
    pure/             the core: forms, catalog, the door, cassettes, matching; no I/O, no clock
    edges/            each knows one outside thing: HTTP server, upstream, files, settings, terminal
    mock/             the embedded upstream: tokens as Stripe makes and refuses them
    service           handle(request) -> response, for one cassette in one mode
    app               the composition root; alone knows everyone
    __main__          the command line; pytest_plugin, the fixture; vcr, in process

The way of a request: server -> service -> redact (the door) -> decide -> matching and rehydrate
(replay), or upstream -> redact -> gate -> cassette file -> answer (record).
"""

__version__ = "0.1.0"
