use super::*;

fn policy() -> RedirectPolicy {
    RedirectPolicy::new("https://mcp.example/auth/callback")
}

fn uri(text: &str) -> RedirectUri {
    RedirectUri::register(text, &policy()).unwrap()
}

fn refusal(text: &str) -> RedirectUriError {
    RedirectUri::register(text, &policy()).unwrap_err()
}

#[test]
fn what_the_measured_clients_register() {
    for (text, loopback, host) in [
        ("http://localhost:52341/callback", true, "localhost:52341"),
        ("http://localhost:3334/oauth/callback", true, "localhost:3334"),
        ("http://127.0.0.1:6276/oauth/callback", true, "127.0.0.1:6276"),
        ("http://127.0.0.1", true, "127.0.0.1"),
        ("http://127.0.0.1:80/cb", true, "127.0.0.1"),
        ("http://[::1]:4000/cb?a=b", true, "[::1]:4000"),
        ("https://localhost:8443/cb", true, "localhost:8443"),
        ("https://claude.ai/api/mcp/auth_callback", false, "claude.ai"),
        ("https://vscode.dev/redirect", false, "vscode.dev"),
        ("https://App.Example:8443/cb?tenant=1", false, "app.example:8443"),
        ("https://xn--9i1b674c.example/cb", false, "xn--9i1b674c.example"),
        ("https://app.example:443/cb", false, "app.example"),
        ("https://app.example:80/cb", false, "app.example:80"),
        ("https://192.0.2.7/cb", false, "192.0.2.7"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", false, "anysphere.cursor-mcp"),
    ] {
        let uri = uri(text);
        assert_eq!((uri.as_str(), uri.is_loopback(), &*uri.display_host()), (text, loopback, host));
    }
}

#[test]
fn script_and_file_schemes_reg_03() {
    for text in [
        "javascript:alert(1)",
        "JavaScript://a.example/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/1",
        "about:blank",
        "view-source:https://a.example/",
        "ftp://a.example/",
    ] {
        assert!(matches!(refusal(text), RedirectUriError::ForbiddenScheme(_)), "{text}");
    }
    // What a browser would forgive and then run is no URI at all.
    for text in ["java\tscript:alert(1)", " javascript:alert(1)", "\u{1}javascript:alert(1)", "javascript\n:x"] {
        assert_eq!(refusal(text), RedirectUriError::NotAbsolute, "{text:?}");
    }
}

#[test]
fn fragment_relative_userinfo_reg_04() {
    use RedirectUriError as E;
    for (text, error) in [
        ("https://a.example/cb#x", E::Fragment),
        ("https://a.example/cb#", E::Fragment),
        ("http://127.0.0.1:1/#", E::Fragment),
        ("/cb", E::NotAbsolute),
        ("//a.example/cb", E::NotAbsolute),
        ("a.example/cb", E::NotAbsolute),
        ("", E::NotAbsolute),
        ("https://a.example/c b", E::NotAbsolute),
        ("https://예시.example/cb", E::NotAbsolute),
        ("https://evil.example\\@a.example/cb", E::NotAbsolute),
        ("https://a.example@evil.example/cb", E::UserInfo),
        ("https://user:pw@a.example/cb", E::UserInfo),
        ("https://@a.example/cb", E::UserInfo),
    ] {
        assert_eq!(refusal(text), error, "{text}");
    }
}

#[test]
fn http_elsewhere_wildcards_and_odd_hosts_reg_05() {
    use RedirectUriError as E;
    for (text, error) in [
        ("http://a.example/cb", E::HttpNotLoopback),
        ("http://127.0.0.1.evil.example/cb", E::HttpNotLoopback),
        ("http://localhost.evil.example/cb", E::HttpNotLoopback),
        ("http://192.168.0.1/cb", E::HttpNotLoopback),
        ("http://127.1/cb", E::HttpNotLoopback),
        ("http://0.0.0.0:1/cb", E::HttpNotLoopback),
        ("http:127.0.0.1/cb", E::HttpNotLoopback),
        ("https://*.example/cb", E::Host),
        ("https://*/cb", E::Host),
        ("http://localhost:*/cb", E::Host),
        ("https://2130706433/cb", E::Host),
        ("https://%65xample.com/cb", E::Host),
        ("https:///a.example/cb", E::Host),
        ("https://", E::Host),
        ("https://a.example:0/cb", E::Host),
        ("https://a.example:99999/cb", E::Host),
        ("https://a.example:/cb", E::Host),
        ("https://a.example/a/../cb", E::DotSegments),
        ("https://a.example/%2E%2e/cb", E::DotSegments),
        ("cursor://anysphere.cursor-mcp/x?config=e30", E::PrivateUseQuery),
    ] {
        assert_eq!(refusal(text), error, "{text}");
    }
    assert_eq!(refusal(&format!("https://a.example/{}", "x".repeat(2048))), E::TooLong);
}

#[test]
fn parameters_of_the_response_are_ours_iss_02() {
    for text in ["https://a.example/cb?iss=x", "https://a.example/cb?a=b&st%61te=1", "https://a.example/?code"] {
        assert!(matches!(refusal(text), RedirectUriError::ReservedParameter(_)), "{text}");
    }
    uri("https://a.example/cb?codes=1");
}

#[test]
fn exact_strings_red_02() {
    let registered = uri("https://a.example/cb");
    assert!(registered.matches("https://a.example/cb"));
    for presented in [
        "https://a.example/cb2",
        "https://a.example/cb?x=1",
        "https://a.example/cb/",
        "https://a.example/CB",
        "https://A.example/cb",
        "https://a.example/./cb",
        "https://a.example/x/../cb",
        "https://a.example/%63b",
        "https://a.example:443/cb",
        "https://a.example",
        "",
    ] {
        assert!(!registered.matches(presented), "{presented}");
    }
}

#[test]
fn loopback_port_may_vary_red_03() {
    for (registered, presented) in [
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1/cb"),
        ("http://[::1]:1/cb?a=b", "http://[::1]:2/cb?a=b"),
        ("http://localhost:1/cb", "http://localhost:2/cb"),
        ("http://127.0.0.1/", "http://127.0.0.1:59656/"),
        ("http://127.0.0.1", "http://127.0.0.1:59656"),
    ] {
        assert!(uri(registered).matches(presented), "{registered} {presented}");
    }
}

#[test]
fn only_the_port_may_vary_red_04_05_06() {
    for (registered, presented) in [
        ("http://127.0.0.1:1/cb", "http://localhost:1/cb"),
        ("http://localhost:1/cb", "http://127.0.0.1:1/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1.evil.example/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1.evil.example:1/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:1@evil.example/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:1@evil.example:1/cb"),
        ("http://127.0.0.1:1/cb", "http://x@127.0.0.1:1/cb"),
        ("http://127.0.0.1:1/cb", "https://127.0.0.1:1/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb/"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb?x"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:1/cb#x"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb#"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:99999/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:+2/cb"),
        ("http://127.0.0.1:1", "http://127.0.0.1:2/"),
        ("http://127.0.0.1:1/cb", "http:127.0.0.1:2/cb"),
        ("https://app.example/cb", "https://app.example:8443/cb"),
        ("https://localhost:1/cb", "https://localhost:2/cb"),
    ] {
        assert!(!uri(registered).matches(presented), "{registered} {presented}");
    }
}

#[test]
fn resolving_what_a_request_presents_red_02_07() {
    use RedirectUriError as E;
    let one = [uri("http://127.0.0.1:1/cb")];
    let two = [uri("https://a.example/1"), uri("https://a.example/2")];
    for (registered, presented, resolved) in [
        (&one[..], None, Ok("http://127.0.0.1:1/cb")),
        (&one, Some("http://127.0.0.1:77/cb"), Ok("http://127.0.0.1:77/cb")),
        (&two, Some("https://a.example/2"), Ok("https://a.example/2")),
        (&two, Some("https://a.example/3"), Err(E::NotRegistered)),
        (&two, None, Err(E::Missing)),
        (&[], None, Err(E::Missing)),
    ] {
        let found = RedirectUri::resolve(registered, presented, &policy());
        assert_eq!(found.as_ref().map(RedirectUri::as_str).map_err(Clone::clone), resolved);
    }
    // The free port must not lead to our own callback.
    let local = RedirectPolicy::new("http://127.0.0.1:8000/auth/callback");
    let registered = [RedirectUri::register("http://localhost:1/auth/callback", &local).unwrap()];
    let presented = Some("http://localhost:8000/auth/callback");
    assert_eq!(RedirectUri::resolve(&registered, presented, &local), Err(E::OwnCallback));
}

#[test]
fn parameters_are_added_and_come_back_unchanged_iss_01() {
    let state = "a&b=c+d %\"'#/?한글\u{1f600}";
    for (text, start) in [
        ("https://a.example/cb", "https://a.example/cb?code=c&state="),
        ("https://a.example/cb?x=1", "https://a.example/cb?x=1&code=c&state="),
        ("https://a.example/cb?", "https://a.example/cb?code=c&state="),
        ("http://127.0.0.1:1", "http://127.0.0.1:1?code=c&state="),
        ("cursor://anysphere.cursor-mcp/cb", "cursor://anysphere.cursor-mcp/cb?code=c&state="),
    ] {
        let answer = uri(text).with_query([("code", "c"), ("state", state), ("iss", "https://mcp.example")]);
        assert!(answer.starts_with(start), "{answer}");
        assert!(answer.is_ascii() && answer.ends_with("&iss=https%3A%2F%2Fmcp.example"), "{answer}");
        let url = Url::parse(&answer).unwrap();
        let states: Vec<_> = url.query_pairs().filter(|(name, _)| name == "state").map(|(_, value)| value).collect();
        assert_eq!(states, [state]);
    }
    assert_eq!(uri("https://a.example/cb").with_query([]), "https://a.example/cb");
}

#[test]
fn error_texts_fit_error_description() {
    for text in [
        "javascript:x",
        "x",
        "https://a.example/#",
        "http://a.example",
        "https://*",
        "myapp://a",
        "https://a.example/?iss",
    ] {
        let error = refusal(text).to_string();
        assert!(error.bytes().all(|byte| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{error}");
    }
}

#[test]
fn serde_keeps_the_text() {
    let before = uri("http://localhost:1/cb");
    let json = serde_json::to_string(&before).unwrap();
    assert_eq!(json, r#""http://localhost:1/cb""#);
    assert_eq!(serde_json::from_str::<RedirectUri>(&json).unwrap(), before);
    assert!(serde_json::from_str::<RedirectUri>(r#""javascript:x""#).is_err());
}
