//! What the client makes of a Naver in trouble.

use std::time::{Duration, Instant};

use dari_providers::naver::sandbox::{Fault, RouteGroup};
use dari_providers::naver::{NaverErrorKind, NaverOpenApi, NewSchedule};

use crate::browser::Browser;
use crate::sandbox;

#[tokio::test]
async fn every_kind_of_trouble_is_an_error_and_none_a_success() {
    let sandbox = sandbox().await;
    let token = Browser::new(&sandbox).access_token("minsu", true).await;
    let naver = NaverOpenApi::from_env_with(&sandbox.env()).unwrap();
    let (start, end) = ("2026-10-18 15:30".parse().unwrap(), "2026-10-18 16:30".parse().unwrap());
    let schedule = NewSchedule::new("회의", start, end).unwrap();
    let all = async || {
        [
            naver.search_web("서울", 1).await.err(),
            naver.profile(&token).await.err(),
            naver.create_schedule(&token, &schedule).await.err(),
        ]
    };
    let groups = [RouteGroup::Search, RouteGroup::Profile, RouteGroup::Calendar];
    for (fault, reason) in [
        (Fault::Unavailable, "status 503"),
        (Fault::HtmlPage, "not a JSON object"),
        (Fault::EmptyJson, "status 200"),
        (Fault::Redirect, "a redirect, which is not followed"),
        (Fault::Oversized, "larger than 1 MiB"),
    ] {
        groups.iter().for_each(|group| sandbox.control().fault(*group, fault));
        for error in all().await {
            let error = error.expect("an error");
            assert!(
                matches!(error.kind(), NaverErrorKind::Unavailable(_)) && error.is_transient(),
                "{fault:?}: {error:?}"
            );
            assert!(error.to_string().contains(reason), "{error}");
            assert!(error.model_message().contains("later"), "{}", error.model_message());
        }
    }
    groups.iter().for_each(|group| sandbox.control().fault(*group, Fault::ErrorUnder200));
    for error in all().await {
        assert!(error.is_some());
    }
    assert_eq!(sandbox.control().hits("/"), 0, "a redirect was followed");
    groups.iter().for_each(|group| sandbox.control().clear_fault(*group));
    for error in all().await {
        assert!(error.is_none(), "{error:?}");
    }
}

#[tokio::test]
async fn a_hanging_naver_is_given_up() {
    let sandbox = sandbox().await;
    let naver = NaverOpenApi::builder()
        .client(sandbox.client_id(), sandbox.client_secret().into())
        .open_api_url(sandbox.open_api_url())
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    sandbox.control().fault(RouteGroup::Search, Fault::Delay(Duration::from_secs(30)));
    let start = Instant::now();
    let error = naver.search_web("비밀스러운 질문", 1).await.unwrap_err();
    assert!(matches!(error.kind(), NaverErrorKind::Timeout(_)), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
    // What was searched for is not in the log.
    assert!(!format!("{error:?}").contains("query="), "{error:?}");
    sandbox.control().fault(RouteGroup::Search, Fault::Delay(Duration::from_millis(10)));
    naver.search_web("서울", 1).await.unwrap();
}

#[tokio::test]
async fn a_closed_port_is_a_transport_error() {
    let sandbox = sandbox().await;
    let env = sandbox.env();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let naver = NaverOpenApi::builder()
        .client(env.get("NAVER_CLIENT_ID").unwrap(), "x".into())
        .open_api_url(format!("http://{port}"))
        .build()
        .unwrap();
    let error = naver.search_web("a", 1).await.unwrap_err();
    assert!(matches!(error.kind(), NaverErrorKind::Transport(_)) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn requests_name_their_maker() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let naver = NaverOpenApi::builder()
        .client("id", "secret".into())
        .open_api_url(format!("http://{}", listener.local_addr().unwrap()))
        .build()
        .unwrap();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let size = socket.read(&mut request).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        String::from_utf8_lossy(&request[..size]).into_owned()
    });
    naver.search_web("a", 1).await.unwrap_err();
    let request = server.await.unwrap().to_ascii_lowercase();
    assert!(request.contains(concat!("user-agent: dari-providers/", env!("CARGO_PKG_VERSION"))), "{request}");
    assert!(request.starts_with("get /v1/search/webkr.json?query=a&display=1 http"), "{request}");
}
