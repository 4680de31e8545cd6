//! Search, the legacy way and by the HUB.

use dari_providers::naver::sandbox::{CLIENT_ID, CLIENT_SECRET, Fault, HUB_KEY, HUB_KEY_ID, NaverSandbox, RouteGroup};
use dari_providers::naver::{InvalidQuery, NaverErrorKind, NaverOpenApi, SearchQuery, Sort, vertical};

use crate::browser::{Browser, json};
use crate::{client, sandbox};

fn hub_client(sandbox: &NaverSandbox, key: &str) -> NaverOpenApi {
    NaverOpenApi::builder().search_hub(HUB_KEY_ID, key.into()).search_hub_url(sandbox.open_api_url()).build().unwrap()
}

#[tokio::test]
async fn both_hosts_find_the_same_in_plain_text() {
    let sandbox = sandbox().await;
    let legacy = client(&sandbox).search_web("rust vec", 10).await.unwrap();
    let hub = hub_client(&sandbox, HUB_KEY).search_web("rust vec", 10).await.unwrap();
    assert_eq!(legacy, hub);
    assert_eq!((legacy.query.as_str(), legacy.total, legacy.start, legacy.display), ("rust vec", 1, 1, 1));
    let item = &legacy.items[0];
    assert_eq!(item.title, "Rust의 Vec<T>와 \"슬라이스\" 차이");
    assert!(item.description.contains("&[T]"), "{}", item.description);
    assert!(item.link.starts_with("https://"), "{}", item.link);
    assert_eq!(sandbox.control().hits("/v1/search/webkr.json"), 1);
    assert_eq!(sandbox.control().hits("/search/v1/webkr"), 1);
}

#[tokio::test]
async fn pages_follow_one_another() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let whole = naver.search_web("서울", 100).await.unwrap();
    assert!(whole.total > 4, "{}", whole.total);
    let query = SearchQuery::new("서울").display(2).start(3);
    let page = naver.search(vertical::WEBKR, &query).await.unwrap();
    assert_eq!((page.total, page.start, page.display), (whole.total, 3, 2));
    assert_eq!(page.items, whole.items[2..4]);
    let beyond = naver.search(vertical::WEBKR, &query.start(1000)).await.unwrap();
    assert_eq!((beyond.total, beyond.items.len()), (whole.total, 0));
    // The convenience brings `display` into its range.
    assert_eq!(naver.search_web("서울", 0).await.unwrap().items.len(), 1);
    assert_eq!(naver.search_web("서울", 5000).await.unwrap(), whole);
}

#[tokio::test]
async fn every_vertical_is_typed() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let query = SearchQuery::new("서울");
    let by_date = query.clone().sort(Sort::Date);
    let blogs = naver.search(vertical::BLOG, &by_date).await.unwrap().items;
    assert!(blogs.is_sorted_by(|a, b| a.post_date >= b.post_date) && blogs[0].post_date.len() == 8, "{blogs:?}");
    assert_eq!(blogs[0].blogger_name, "동네 & 이웃");
    let news = naver.search(vertical::NEWS, &by_date).await.unwrap().items;
    assert!(news[0].pub_date.ends_with("+0900"), "{}", news[0].pub_date);
    assert_eq!(naver.search(vertical::CAFE_ARTICLE, &query).await.unwrap().items[0].cafe_name, "모래상자 카페");
    assert!(!naver.search(vertical::KIN, &query.clone().sort(Sort::Point)).await.unwrap().items.is_empty());
    assert!(!naver.search(vertical::ENCYC, &query).await.unwrap().items[0].thumbnail.is_empty());
    assert!(!naver.search(vertical::BOOK, &query).await.unwrap().items[0].isbn.is_empty());
    assert!(!naver.search(vertical::DOC, &query).await.unwrap().items.is_empty());
    assert_eq!(naver.search(vertical::IMAGE, &query).await.unwrap().items[0].size_width, "800");
    let shop = naver.search(vertical::SHOP, &query.clone().sort(Sort::Asc)).await.unwrap().items;
    assert!(shop.is_sorted_by_key(|item| item.low_price.parse::<u32>().unwrap()), "{shop:?}");
    let local = naver.search(vertical::LOCAL, &query.clone().display(5)).await.unwrap();
    assert_eq!((local.items.len(), local.items[0].map_x.as_str()), (5, "1269783882"));
    assert_eq!(naver.search(vertical::LOCAL, &query).await.unwrap().items.len(), 1);
    assert_eq!(naver.errata("tjdnf").await.unwrap().as_deref(), Some("서울"));
    assert_eq!(naver.errata("서울").await.unwrap(), None);
    assert_eq!((naver.adult("서울").await.unwrap(), naver.adult("성인 게임").await.unwrap()), (false, true));
}

#[tokio::test]
async fn bad_queries_are_not_even_sent() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let error = naver.search_web("  ", 10).await.unwrap_err();
    assert!(matches!(error.kind(), NaverErrorKind::InvalidQuery(InvalidQuery::Empty)), "{error:?}");
    naver.search(vertical::BLOG, &SearchQuery::new("a").sort(Sort::Comment)).await.unwrap_err();
    naver.errata("").await.unwrap_err();
    assert_eq!(sandbox.control().hits("/v1/search/webkr.json"), 0);
    assert_eq!(sandbox.control().hits("/v1/search/blog.json"), 0);
}

#[tokio::test]
async fn odd_words_arrive_as_they_are() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    for words in ["a&b=c#d", "100%", "+", "?", "async & await", "\u{1f600}"] {
        let page = naver.search_web(words, 3).await.unwrap();
        assert_eq!(page.query, words);
    }
    assert_eq!(naver.search_web("async & await", 3).await.unwrap().total, 1);
}

#[tokio::test]
async fn rejected_applications() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let (id, secret) = ("X-Naver-Client-Id", "X-Naver-Client-Secret");
    for (headers, begins) in [
        (vec![], "Not Exist Client ID : "),
        (vec![(secret, CLIENT_SECRET)], "Not Exist Client ID : "),
        (vec![(id, CLIENT_ID)], "Not Exist Client Secret : "),
        (vec![(id, CLIENT_ID), (secret, "wrong")], "NID AUTH Result Invalid (1000) : "),
    ] {
        let mut request = browser.http().get(browser.url("/v1/search/webkr.json?query=a"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (status, body) = json(request.send().await.unwrap()).await;
        assert_eq!((status, body["errorCode"].as_str()), (401, Some("024")));
        assert!(body["errorMessage"].as_str().unwrap().starts_with(begins), "{body}");
    }
    sandbox.control().set(|quirks| quirks.search_not_ticked = true);
    let error = client(&sandbox).search_web("a", 1).await.unwrap_err();
    assert!(
        matches!(error.kind(), NaverErrorKind::ClientRejected(reply) if reply.message().unwrap().starts_with("Scope Status Invalid"))
    );
    assert!(error.model_message().contains("operator"), "{}", error.model_message());
    let error = hub_client(&sandbox, "wrong").search_web("a", 1).await.unwrap_err();
    assert!(matches!(error.kind(), NaverErrorKind::ClientRejected(reply) if reply.code() == Some("200")), "{error:?}");
}

#[tokio::test]
async fn the_errors_of_bad_parameters() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    for (path, status, code) in [
        ("webkr.json", 400, "SE01"),
        ("webkr.json?query=+", 400, "SE01"),
        ("webkr.json?query=a&display=0", 400, "SE02"),
        ("webkr.json?query=a&display=101", 400, "SE02"),
        ("webkr.json?query=a&display=ten", 400, "SE02"),
        ("webkr.json?query=a&start=1001", 400, "SE03"),
        ("blog.json?query=a&sort=asc", 400, "SE04"),
        ("webkr.json?query=%EC%84", 400, "SE06"),
        ("nothing.json?query=a", 404, "SE05"),
        ("webkr.xml?query=a", 404, "SE05"),
        ("local.json?query=a&display=6", 400, "SE02"),
        ("local.json?query=a&start=2", 400, "SE03"),
    ] {
        let request = browser
            .http()
            .get(browser.url(&format!("/v1/search/{path}")))
            .header("X-Naver-Client-Id", CLIENT_ID)
            .header("X-Naver-Client-Secret", CLIENT_SECRET);
        let (got, body) = json(request.send().await.unwrap()).await;
        assert_eq!((got, body["errorCode"].as_str()), (status, Some(code)), "{path}");
    }
}

#[tokio::test]
async fn limits_are_told_apart() {
    let sandbox = sandbox().await;
    for naver in [client(&sandbox), hub_client(&sandbox, HUB_KEY)] {
        sandbox.control().fault(RouteGroup::Search, Fault::RateLimited);
        let error = naver.search_web("a", 1).await.unwrap_err();
        assert!(matches!(error.kind(), NaverErrorKind::RateLimited(_)) && error.is_transient(), "{error:?}");
        sandbox.control().fault(RouteGroup::Search, Fault::QuotaExhausted);
        let error = naver.search_web("a", 1).await.unwrap_err();
        assert!(matches!(error.kind(), NaverErrorKind::QuotaExhausted(_)) && !error.is_transient(), "{error:?}");
        sandbox.control().clear_fault(RouteGroup::Search);
        naver.search_web("서울", 1).await.unwrap();
    }
}
