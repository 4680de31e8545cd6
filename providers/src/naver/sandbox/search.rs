//! The search APIs: legacy and HUB.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Asia::Seoul;
use serde_json::{Value, json};

use super::find::{Hit, Order, find, mark, price, words};
use super::gate::{common_error, hub_error};
use super::params::Params;
use super::state::{Shared, same};
use super::{CLIENT_ID, CLIENT_SECRET, HUB_KEY, HUB_KEY_ID};

type Failure = (StatusCode, Value);

pub(super) async fn legacy(State(shared): State<Arc<Shared>>, Path(name): Path<String>, params: Params) -> Response {
    let result = check_application(&shared, &params).and_then(|()| {
        // Without an extension it is JSON. XML is not there.
        search(name.strip_suffix(".json").unwrap_or(&name), &params)
    });
    let (status, body) = result.map_or_else(|failure| failure, |body| (StatusCode::OK, body));
    (status, Json(body)).into_response()
}

pub(super) async fn hub(Path(name): Path<String>, params: Params) -> Response {
    let right = params.header("x-ncp-apigw-api-key-id") == Some(HUB_KEY_ID)
        && params.header("x-ncp-apigw-api-key").is_some_and(|key| same(key, HUB_KEY));
    let result = if right {
        search(&name, &params)
    } else {
        Err((StatusCode::UNAUTHORIZED, hub_error("200", "Authentication Failed")))
    };
    let (status, body) = result.map_or_else(|failure| failure, |body| (StatusCode::OK, body));
    (status, [(header::CONTENT_TYPE, "text/plain;charset=utf-8")], body.to_string()).into_response()
}

/// The four ways in which the gateway turns an application away.
fn check_application(shared: &Shared, params: &Params) -> Result<(), Failure> {
    let message = match (params.header("x-naver-client-id"), params.header("x-naver-client-secret")) {
        (None, _) => "Not Exist Client ID",
        (_, None) => "Not Exist Client Secret",
        (Some(id), Some(secret)) if id != CLIENT_ID || !same(secret, CLIENT_SECRET) => "NID AUTH Result Invalid (1000)",
        _ if shared.lock().quirks.search_not_ticked => "Scope Status Invalid",
        _ => return Ok(()),
    };
    let message = format!("{message} : Authentication failed. (인증에 실패했습니다.)");
    Err((StatusCode::UNAUTHORIZED, common_error(&message, "024")))
}

/// The orders that a vertical knows; `None` where there is no such vertical.
fn sorts(vertical: &str) -> Option<&'static [&'static str]> {
    Some(match vertical {
        "webkr" | "encyc" | "doc" | "errata" | "adult" => &[],
        "blog" | "news" | "cafearticle" | "book" | "image" => &["sim", "date"],
        "kin" => &["sim", "date", "point"],
        "shop" => &["sim", "date", "asc", "dsc"],
        "local" => &["random", "comment"],
        _ => return None,
    })
}

fn search(vertical: &str, params: &Params) -> Result<Value, Failure> {
    let Some(sorts) = sorts(vertical) else {
        return Err((
            StatusCode::NOT_FOUND,
            common_error("Invalid search api (존재하지 않는 검색 api 입니다.)", "SE05"),
        ));
    };
    let refuse = |code, message: &str| Err((StatusCode::BAD_REQUEST, common_error(message, code)));
    if !params.query_is_utf8() {
        return refuse("SE06", "Malformed encoding (잘못된 형식의 인코딩입니다.)");
    }
    let query = params.text("query").trim();
    if query.is_empty() {
        return refuse("SE01", "Incorrect query request (잘못된 쿼리요청입니다.)");
    }
    match vertical {
        "errata" => return Ok(json!({"errata": errata(query)})),
        "adult" => return Ok(json!({"adult": if query.contains("성인") { "1" } else { "0" }})),
        _ => {}
    }
    let local = vertical == "local";
    let (max_display, max_start, default) = if local { (5, 1, 1) } else { (100, 1000, 10) };
    let Some(display) = number(params.get("display"), default, max_display) else {
        return refuse("SE02", "Invalid display value (부적절한 display 값입니다.)");
    };
    let Some(start) = number(params.get("start"), 1, max_start) else {
        return refuse("SE03", "Invalid start value (부적절한 start 값입니다.)");
    };
    let order = match params.get("sort") {
        // Where there is no order to choose, the parameter is not looked at.
        _ if sorts.is_empty() => Order::Relevance,
        Some(sort) if !sorts.contains(&sort) => return refuse("SE04", "Invalid sort value (부적절한 sort 값입니다.)"),
        Some("date") => Order::Newest,
        Some("asc") => Order::Cheapest,
        Some("dsc") => Order::Dearest,
        _ => Order::Relevance,
    };
    let words = words(query);
    let hits = find(&words, order);
    let items: Vec<Value> = hits.iter().skip(start - 1).take(display).map(|hit| item(vertical, hit, &words)).collect();
    Ok(json!({
        "lastBuildDate": Utc::now().with_timezone(&Seoul).to_rfc2822(),
        "total": hits.len(),
        "start": start,
        "display": items.len(),
        "items": items,
    }))
}

fn number(text: Option<&str>, default: usize, max: usize) -> Option<usize> {
    match text {
        None => Some(default),
        Some(text) => text.parse().ok().filter(|number| (1..=max).contains(number)),
    }
}

/// A few words typed with the keyboard set to English.
fn errata(query: &str) -> &'static str {
    match query {
        "spdlqj" => "네이버",
        "tjdnf" => "서울",
        "zjvl" => "커피",
        _ => "",
    }
}

/// A hit in the fields of a vertical.
fn item(vertical: &str, hit: &Hit, words: &[String]) -> Value {
    let document = hit.document;
    let (title, description) = (mark(document.title, words), mark(document.text, words));
    let link = format!("https://{}.example.com/{vertical}/{}", document.subject, document.slug);
    let picture = format!("https://{}.example.com/image/{}.jpg", document.subject, document.slug);
    let date = document.date.to_string();
    let base = json!({"title": title, "link": link, "description": description});
    let extra = match vertical {
        "blog" => json!({
            "bloggername": "동네 & 이웃".replace('&', "&amp;"),
            "bloggerlink": format!("https://{}.example.com/blog", document.subject),
            "postdate": date,
        }),
        "news" => json!({"originallink": link, "pubDate": rfc822(&date)}),
        "cafearticle" => json!({"cafename": "모래상자 카페", "cafeurl": "https://cafe.example.com/sandbox"}),
        "encyc" => json!({"thumbnail": picture}),
        "book" => json!({
            "image": picture, "author": "홍길동^성춘향", "discount": price(hit.number).to_string(),
            "publisher": "모래상자", "pubdate": date, "isbn": format!("97900000{:05}", hit.number),
        }),
        "image" => {
            return json!({"title": title, "link": picture, "thumbnail": picture, "sizeheight": "600", "sizewidth": "800"});
        }
        "shop" => {
            return json!({
                "title": title, "link": link, "image": picture, "lprice": price(hit.number).to_string(), "hprice": "",
                "mallName": "모래상자몰", "productId": (80_000_000 + hit.number).to_string(), "productType": "2",
                "brand": "", "maker": "", "category1": "생활/건강", "category2": document.subject, "category3": "",
                "category4": "",
            });
        }
        "local" => json!({
            "category": "모래상자>예시", "telephone": "", "address": "서울특별시 중구 태평로1가 31",
            "roadAddress": "서울특별시 중구 세종대로 110", "mapx": "1269783882", "mapy": "375666103",
        }),
        _ => json!({}),
    };
    merge(base, extra)
}

fn merge(mut base: Value, extra: Value) -> Value {
    if let (Value::Object(base), Value::Object(extra)) = (&mut base, extra) {
        base.extend(extra);
    }
    base
}

/// Noon of a day in Korea in the form of RFC 822.
fn rfc822(date: &str) -> String {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    NaiveDate::parse_from_str(date, "%Y%m%d")
        .ok()
        .and_then(|day| Seoul.from_local_datetime(&day.and_time(noon)).earliest())
        .map(|instant| instant.to_rfc2822())
        .unwrap_or_default()
}
