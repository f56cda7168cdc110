import json

from tokentape.pure.stripe.refusals import refusal, upstream_failed


def test_a_refusal_has_the_shape_of_stripes_errors() -> None:
    response = refusal(404, "resource_missing", "Not here.", headers=(("Request-Id", "req_1"),))

    assert response.status == 404
    assert json.loads(response.body) == {
        "error": {
            "code": "resource_missing",
            "message": "Not here.",
            "type": "invalid_request_error",
        }
    }
    assert response.headers == (
        ("Content-Type", "application/json"),
        ("Stripe-Should-Retry", "false"),
        ("Tokentape-Result", "refused"),
        ("Request-Id", "req_1"),
    )


def test_type_and_result_are_parameters_and_a_blank_code_is_left_out() -> None:
    response = refusal(424, "", "A miss.", type="api_error", result="miss")

    assert json.loads(response.body) == {"error": {"message": "A miss.", "type": "api_error"}}
    assert response.header("tokentape-result") == "miss"


def test_a_refusal_is_pretty_printed_like_stripes_errors() -> None:
    assert refusal(400, "c", "m").body.startswith(b'{\n  "error": {\n    "code": "c",\n')


def test_a_client_may_retry_when_the_upstream_failed() -> None:
    response = upstream_failed(502, "No answer.")

    assert response.header("stripe-should-retry") is None
    assert response.header("tokentape-result") == "forwarded"
    assert json.loads(response.body)["error"] == {
        "code": "upstream_failed",
        "message": "No answer.",
        "type": "api_connection_error",
    }
