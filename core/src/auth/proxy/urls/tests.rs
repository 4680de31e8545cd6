use super::*;

fn urls(public_url: &str, mcp_path: &str) -> Urls {
    Urls::new(public_url, mcp_path, "/auth/callback", None).unwrap()
}

#[test]
fn at_the_root_of_an_origin_disc_02_03() {
    for public_url in ["https://mcp.example.com", "https://mcp.example.com/"] {
        let urls = urls(public_url, "/mcp");
        assert_eq!(urls.issuer(), "https://mcp.example.com");
        assert_eq!(urls.resource(), "https://mcp.example.com/mcp");
        assert_eq!(urls.authorize(), "https://mcp.example.com/authorize");
        assert_eq!(urls.token(), "https://mcp.example.com/token");
        assert_eq!(urls.register(), "https://mcp.example.com/register");
        assert_eq!(urls.consent(), "https://mcp.example.com/consent");
        assert_eq!(urls.callback(), "https://mcp.example.com/auth/callback");
        assert_eq!(urls.resource_metadata(), "https://mcp.example.com/.well-known/oauth-protected-resource/mcp");
        assert_eq!(
            urls.resource_metadata_paths(),
            ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]
        );
        assert_eq!(urls.slashed_resource_metadata_path(), "/.well-known/oauth-protected-resource/mcp/");
        assert_eq!(urls.server_metadata_paths(), ["/.well-known/oauth-authorization-server"]);
        assert!(urls.is_https());
    }
}

#[test]
fn under_a_path_disc_03() {
    let urls = urls("http://127.0.0.1:8000/api", "/mcp");
    assert_eq!(urls.issuer(), "http://127.0.0.1:8000/api");
    assert_eq!(urls.callback(), "http://127.0.0.1:8000/api/auth/callback");
    assert_eq!(urls.resource_metadata(), "http://127.0.0.1:8000/.well-known/oauth-protected-resource/api/mcp");
    assert_eq!(
        urls.server_metadata_paths(),
        ["/.well-known/oauth-authorization-server/api", "/api/.well-known/oauth-authorization-server"]
    );
    assert!(!urls.is_https());
}

#[test]
fn mcp_endpoint_at_the_base_itself() {
    for mcp_path in ["", "/"] {
        let urls = urls("http://localhost:8000", mcp_path);
        assert_eq!(urls.resource(), "http://localhost:8000");
        assert_eq!(urls.resource_metadata_paths(), ["/.well-known/oauth-protected-resource"]);
    }
}

#[test]
fn an_issuer_is_kept_to_the_byte_disc_03() {
    for (issuer, paths) in [
        (
            "https://a.example/",
            &["/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/"][..],
        ),
        (
            "https://a.example/login",
            &["/.well-known/oauth-authorization-server/login", "/login/.well-known/oauth-authorization-server"],
        ),
    ] {
        let urls = Urls::new("https://a.example", "/mcp", "/auth/callback", Some(issuer)).unwrap();
        assert_eq!(urls.issuer(), issuer);
        assert_eq!(urls.server_metadata_paths(), paths);
    }
    let foreign = Urls::new("https://a.example", "/mcp", "/auth/callback", Some("https://a.example.evil"));
    assert!(matches!(foreign, Err(UrlError::ForeignIssuer { .. })));
}

#[test]
fn resource_code_06_07() {
    let urls = urls("https://mcp.example.com", "/mcp");
    for (resource, ours) in [
        ("https://mcp.example.com/mcp", true),
        ("https://mcp.example.com/mcp/", true),
        ("HTTPS://MCP.Example.com/mcp", true),
        ("https://mcp.example.com/mcp//", false),
        ("https://mcp.example.com/MCP", false),
        ("https://mcp.example.com", false),
        ("https://mcp.example.com/", false),
        ("https://mcp.example.com/mcp/other", false),
        ("https://mcp.example.com.evil.example/mcp", false),
        ("https://mcp.example.co가/mcp", false),
        ("http://mcp.example.com/mcp", false),
        ("", false),
    ] {
        assert_eq!(urls.accepts_resource(resource), ours, "{resource}");
    }
}

#[test]
fn base_urls_that_cannot_work_are_refused_with_the_cure() {
    for (public_url, word) in [
        ("mcp.example.com", "not a URL"),
        ("", "not a URL"),
        ("localhost:8000", "not a URL"),
        ("http://mcp.example.com", "https://"),
        ("http://0.0.0.0:8000", "https://"),
        ("ftp://mcp.example.com", "https://"),
        ("https://mcp.example.com/?a", "a query"),
        ("https://mcp.example.com#", "a fragment"),
        ("https://u@mcp.example.com", "a user name"),
        ("https://MCP.example.com", "\"https://mcp.example.com\""),
        ("https://mcp.example.com:443", "\"https://mcp.example.com\""),
        ("https://mcp.example.com//", "\"https://mcp.example.com\""),
        ("https://mcp.example.com/a//b", "\"https://mcp.example.com/a/b\""),
        ("https://mcp.example.com/a/../b", "\"https://mcp.example.com/b\""),
        ("https://한글.example", "\"https://xn--bj0bj06e.example\""),
        (" https://mcp.example.com", "not a URL"),
        ("https://mcp.example.com ", "\"https://mcp.example.com\""),
        ("http://127.1:8000", "\"http://127.0.0.1:8000\""),
    ] {
        let error = Urls::new(public_url, "/mcp", "/auth/callback", None).unwrap_err();
        assert_eq!(error.option(), "public_url");
        assert!(error.to_string().contains(word), "{public_url}: {error}");
    }
}

#[test]
fn paths_that_cannot_work_are_refused() {
    for (mcp_path, redirect_path) in [
        ("mcp", "/auth/callback"),
        ("/mcp/", "/auth/callback"),
        ("//mcp", "/auth/callback"),
        ("/mcp?x", "/auth/callback"),
        ("/{mcp}", "/auth/callback"),
        ("/a/../mcp", "/auth/callback"),
        ("/token", "/auth/callback"),
        ("/.well-known/x", "/auth/callback"),
        ("/mcp", ""),
        ("/mcp", "/"),
        ("/mcp", "auth/callback"),
        ("/mcp", "/auth/callback/"),
        ("/mcp", "/mcp"),
        ("/mcp", "/authorize"),
        ("/mcp", "/revoke"),
        ("/mcp", "/auth/provider/callback"),
    ] {
        let error = Urls::new("https://a.example", mcp_path, redirect_path, None).unwrap_err();
        let option = if mcp_path == "/mcp" { "redirect_path" } else { "path" };
        assert_eq!(error.option(), option, "{mcp_path} {redirect_path}: {error}");
    }
}
