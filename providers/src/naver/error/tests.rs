use serde_json::{Value, json};

use super::*;

#[track_caller]
fn error(auth: CallAuth, status: u16, body: Value) -> NaverError {
    classify(auth, status, Some(body)).unwrap_err()
}

/// The variant's name and the code.
fn kind(error: &NaverError) -> (String, Option<&str>) {
    let debug = format!("{:?}", error.kind());
    (debug.split('(').next().unwrap_or_default().to_owned(), error.reply().and_then(ErrorReply::code))
}

#[test]
fn every_form_is_read() {
    use CallAuth::{Application, User};
    let common = |code: &str| json!({"errorMessage": "Message (메시지)", "errorCode": code});
    let hub = |code: &str| json!({"error": {"errorCode": code, "message": "M", "details": "D"}});
    let profile = |code: &str| json!({"resultcode": code, "message": "M"});
    let oauth = |code: &str| json!({"error": code, "error_description": "no valid data in session"});
    for (auth, status, body, expected, code) in [
        (User, 401, common("024"), "PermissionDenied", "024"),
        (User, 403, common("403"), "PermissionDenied", "403"),
        (User, 403, common("1403"), "PermissionDenied", "1403"),
        (Application, 401, common("024"), "ClientRejected", "024"),
        (Application, 403, common("000"), "ClientRejected", "000"),
        (Application, 429, common("012"), "RateLimited", "012"),
        (Application, 429, common("010"), "QuotaExhausted", "010"),
        (Application, 400, common("SE01"), "BadRequest", "SE01"),
        (Application, 404, common("SE05"), "NotFound", "SE05"),
        (Application, 500, common("SE99"), "Unavailable", "SE99"),
        (User, 404, common("1404"), "NotFound", "1404"),
        (User, 500, common("1500"), "Unavailable", "1500"),
        (User, 200, common("1404"), "NotFound", "1404"),
        (User, 401, profile("024"), "PermissionDenied", "024"),
        (User, 401, profile("028"), "PermissionDenied", "028"),
        (User, 200, profile("024"), "PermissionDenied", "024"),
        (User, 200, profile("403"), "PermissionDenied", "403"),
        (User, 200, profile("404"), "NotFound", "404"),
        (User, 200, profile("500"), "Unavailable", "500"),
        (Application, 400, hub("100"), "BadRequest", "100"),
        (Application, 401, hub("200"), "ClientRejected", "200"),
        (Application, 401, hub("210"), "ClientRejected", "210"),
        (Application, 404, hub("300"), "NotFound", "300"),
        (Application, 429, hub("400"), "QuotaExhausted", "400"),
        (Application, 429, hub("410"), "RateLimited", "410"),
        (Application, 413, hub("430"), "BadRequest", "430"),
        (Application, 504, hub("510"), "Unavailable", "510"),
        (User, 200, oauth("invalid_request"), "Login", "invalid_request"),
        (User, 503, oauth("temporarily_unavailable"), "Unavailable", "temporarily_unavailable"),
        (
            User,
            403,
            json!({"message": {"status": "500", "error": {"code": "CA003", "msg": "M"}}}),
            "PermissionDenied",
            "CA003",
        ),
        (User, 401, json!({"errorMessage": "M", "errorCode": 24}), "PermissionDenied", "24"),
    ] {
        let error = error(auth, status, body.clone());
        assert_eq!(kind(&error), (expected.to_owned(), Some(code)), "{auth:?} {status} {body}");
        assert_eq!(error.reply().unwrap().status(), status);
    }
}

#[test]
fn a_status_alone_is_enough() {
    for (status, expected) in
        [(400, "BadRequest"), (401, "ClientRejected"), (404, "NotFound"), (429, "RateLimited"), (503, "Unavailable")]
    {
        let error = classify(CallAuth::Application, status, None).unwrap_err();
        assert_eq!(kind(&error).0, expected);
    }
}

#[test]
fn garbage_and_redirects_are_outages() {
    assert_eq!(kind(&classify(CallAuth::User, 200, None).unwrap_err()).0, "Unavailable");
    assert_eq!(kind(&error(CallAuth::User, 200, json!([1]))).0, "Unavailable");
    assert_eq!(kind(&error(CallAuth::User, 302, json!({}))).0, "Unavailable");
}

#[test]
fn success_is_passed_on() {
    let body = json!({"resultcode": "00", "message": "success", "response": {"id": "x"}});
    assert_eq!(classify(CallAuth::User, 200, Some(body.clone())).unwrap(), body);
    // A null is no error.
    classify(CallAuth::User, 200, Some(json!({"error": null, "errorCode": null, "items": []}))).unwrap();
}

#[test]
fn the_model_hears_what_to_do_and_nothing_of_the_body() {
    let secret = "NID AUTH Result Invalid, client_id=abcDEF123, token AAAAO+x1";
    for auth in [CallAuth::User, CallAuth::Application] {
        for status in [200, 400, 401, 403, 404, 429, 500] {
            for code in ["010", "012", "024", "SE01", "SE99", "1404", secret, "weird"] {
                let error = error(auth, status, json!({"errorMessage": secret, "errorCode": code}));
                let message = error.model_message();
                assert!(message.ends_with('.'), "{message}");
                for part in ["abcDEF123", "AAAAO", "NID AUTH", "client_id"] {
                    assert!(!message.contains(part), "{message}");
                }
            }
        }
    }
}

#[test]
fn a_long_message_is_cut_and_cleaned() {
    let error = error(CallAuth::User, 400, json!({"errorMessage": "a\r\n\u{1b}[2J".repeat(1000), "errorCode": "x"}));
    let text = error.to_string();
    assert!(text.len() < 400 && !text.contains(['\r', '\n', '\u{1b}']), "{text}");
}
