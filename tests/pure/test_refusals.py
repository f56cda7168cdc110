import json

from tokentape.pure.stripe.refusals import refusal, upstream_failed


def test_a_refusal_has_the_shape_of_stripes_errors() -> None:
    answer = refusal(404, "resource_missing", "Not here.", headers=(("Request-Id", "req_1"),))

    assert answer.status == 404
    assert json.loads(answer.body) == {
        "error": {
            "code": "resource_missing",
            "message": "Not here.",
            "type": "invalid_request_error",
        }
    }
    assert answer.headers == (
        ("Content-Type", "application/json"),
        ("Stripe-Should-Retry", "false"),
        ("Tokentape-Result", "refused"),
        ("Request-Id", "req_1"),
    )


def test_type_and_result_are_the_callers_and_a_blank_code_is_left_out() -> None:
    answer = refusal(424, "", "A miss.", type="api_error", result="miss")

    assert json.loads(answer.body) == {"error": {"message": "A miss.", "type": "api_error"}}
    assert answer.header("tokentape-result") == "miss"


def test_a_body_is_pretty_printed_as_stripe_does_it() -> None:
    assert refusal(400, "c", "m").body.startswith(b'{\n  "error": {\n    "code": "c",\n')


def test_a_client_may_try_again_what_the_upstream_failed() -> None:
    answer = upstream_failed(502, "No answer.")

    assert answer.header("stripe-should-retry") is None
    assert answer.header("tokentape-result") == "forwarded"
    assert json.loads(answer.body)["error"] == {
        "code": "upstream_failed",
        "message": "No answer.",
        "type": "api_connection_error",
    }
