//! The pages that are not part of a login.

use dari_providers::naver::NewSchedule;

use crate::browser::Browser;
use crate::{client, sandbox};

async fn page(browser: &Browser, path: &str, language: &str) -> String {
    let request = browser.http().get(browser.url(path)).header("accept-language", language);
    let response = request.send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let text = response.text().await.unwrap();
    assert!(text.contains("name=\"viewport\"") && !text.contains("<script"), "{text}");
    text
}

#[tokio::test]
async fn pages_speak_two_languages_and_say_what_they_are() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    for (language, mark) in [
        ("ko-KR,ko;q=0.9,en;q=0.8", "네이버가 아닙니다"),
        ("en-US,en;q=0.9", "not Naver"),
        ("fr-FR, en;q=0.5", "not Naver"),
        ("fr", "네이버가 아닙니다"),
    ] {
        for path in ["/", "/calendar"] {
            let text = page(&browser, path, language).await;
            assert!(text.contains(mark), "{language} {path}: {text}");
        }
    }
    assert!(page(&browser, "/", "en").await.contains(dari_providers::naver::sandbox::CLIENT_ID));
}

#[tokio::test]
async fn the_calendar_page_lists_what_was_taken() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let token = browser.access_token("minsu", true).await;
    let (start, end) = ("2026-10-18 15:30".parse().unwrap(), "2026-10-18 16:30".parse().unwrap());
    let schedule = NewSchedule::new("<b>회의</b>", start, end).unwrap().location("회의실");
    client(&sandbox).create_schedule(&token, &schedule).await.unwrap();
    let text = page(&browser, "/calendar", "ko").await;
    assert!(
        text.contains("&lt;b&gt;회의&lt;/b&gt;") && text.contains("회의실") && text.contains("2026-10-18 15:30"),
        "{text}"
    );
    let (_, list) = crate::browser::json(browser.http().get(browser.url("/calendar.json")).send().await.unwrap()).await;
    assert_eq!(list[0]["start"], "2026-10-18T15:30:00+09:00");
    assert_eq!(list[0]["user"], "minsu");
}
