"""tokentape: record Stripe token traffic once, replay it offline, keep no secret.

The layers, from the bottom up; imports go down only (see pyproject, import-linter):

    errors            what can go wrong, in words for people
    data              the catalog, the published test values, the known messages, with their sources
    pure/             the core, in folders by subject; no I/O, no clock
    edges/            each knows one outside thing: HTTP server, upstream, files, settings, terminal
    mock/             the built-in mock of Stripe: tokens as Stripe makes and refuses them
    session/          one cassette in one mode: handle(request) -> response
    commands/         the work of each command
    command_line/     the options and help of each command
    __main__          the command line; pytest_plugin, the fixture; vcr, in process

The path of a request: server -> service -> redaction -> decide -> instances, rendering (replay),
or upstream -> redaction -> leak check -> cassette file -> answer (record).
"""

__version__ = "0.1.0"
