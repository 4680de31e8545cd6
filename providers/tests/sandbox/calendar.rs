//! The calendar.

use dari_providers::naver::sandbox::{CalendarDenial, SandboxControl};
use dari_providers::naver::{KstDateTime, NaverErrorKind, NewSchedule, ProcessType};
use serde_json::json;

use crate::browser::{Browser, json as read};
use crate::{client, sandbox};

fn at(text: &str) -> KstDateTime {
    text.parse().unwrap()
}

fn schedule(title: &str) -> NewSchedule {
    NewSchedule::new(title, at("2026-10-18 15:30"), at("2026-10-18 16:30")).unwrap()
}

#[track_caller]
fn only(control: &SandboxControl) -> dari_providers::naver::sandbox::SandboxSchedule {
    let schedules = control.schedules();
    assert_eq!(schedules.len(), 1, "{schedules:?}");
    schedules[0].clone()
}

#[tokio::test]
async fn a_schedule_lands_on_the_right_minute() {
    let sandbox = sandbox().await;
    let token = Browser::new(&sandbox).access_token("minsu", true).await;
    let wanted = schedule("팀 회의, 2부; 50% + α & β = \"γ\"").location("3층 회의실").description("첫 줄\n둘째 줄");
    let created = client(&sandbox).create_schedule(&token, &wanted).await.unwrap();
    assert_eq!(created.process_type, ProcessType::Create);
    assert!(created.calendar_id.bytes().all(|byte| byte.is_ascii_digit()), "{created:?}");

    let got = only(&sandbox.control());
    assert_eq!(got.start.to_string(), "2026-10-18T15:30:00+09:00");
    assert_eq!(got.end.to_string(), "2026-10-18T16:30:00+09:00");
    assert_eq!(got.title, "팀 회의, 2부; 50% + α & β = \"γ\"");
    assert_eq!((got.location.as_str(), got.description.as_str()), ("3층 회의실", "첫 줄\n둘째 줄"));
    assert_eq!((got.user.as_str(), &got.uid), ("minsu", &created.uid));
}

#[tokio::test]
async fn the_same_schedule_again_is_no_second_one() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let browser = Browser::new(&sandbox);
    let token = browser.access_token("minsu", true).await;
    for (round, expected) in [ProcessType::Create, ProcessType::Modify, ProcessType::Modify].into_iter().enumerate() {
        sandbox.control().set(|quirks| quirks.calendar_reply_with_code = round == 2);
        assert_eq!(naver.create_schedule(&token, &schedule("회의")).await.unwrap().process_type, expected);
    }
    only(&sandbox.control());
    // A UID of one's own changes what it names.
    let uid = |title| schedule(title).uid("my-event-1").unwrap();
    naver.create_schedule(&token, &uid("전")).await.unwrap();
    assert_eq!(naver.create_schedule(&token, &uid("후")).await.unwrap().process_type, ProcessType::Modify);
    // Another user's calendar is another one.
    let other = browser.access_token("yuna", true).await;
    assert_eq!(naver.create_schedule(&other, &schedule("회의")).await.unwrap().process_type, ProcessType::Create);
    let titles: Vec<_> = sandbox.control().schedules().into_iter().map(|schedule| schedule.title).collect();
    assert_eq!(titles, ["회의", "후", "회의"]);
}

#[tokio::test]
async fn a_title_injects_nothing() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let token = Browser::new(&sandbox).access_token("minsu", true).await;
    for line_break in ["\r\n", "\n", "\r", "\u{2028}"] {
        let evil =
            ["x", "END:VEVENT", "BEGIN:VEVENT", "UID:evil", "DTSTART:20300101T000000", "SUMMARY:evil"].join(line_break);
        let wanted = schedule(&evil).description(&*evil).location(&*evil);
        naver.create_schedule(&token, &wanted).await.unwrap();
    }
    for got in sandbox.control().schedules() {
        assert!(got.title.starts_with("x END:VEVENT BEGIN:VEVENT UID:evil"), "{}", got.title);
        assert_eq!(got.start, at("2026-10-18 15:30"));
        assert_ne!(got.uid, "evil");
    }
}

#[tokio::test]
async fn a_long_text_arrives_whole() {
    let sandbox = sandbox().await;
    let token = Browser::new(&sandbox).access_token("minsu", true).await;
    let long = "긴 설명입니다. With some words,  two  spaces; and\ttabs. ".repeat(60);
    client(&sandbox).create_schedule(&token, &schedule("긴 글").description(&*long)).await.unwrap();
    assert_eq!(only(&sandbox.control()).description, long.trim().replace('\t', " "));
}

#[tokio::test]
async fn without_the_permission_it_is_denied_in_either_form() {
    let sandbox = sandbox().await;
    let naver = client(&sandbox);
    let token = Browser::new(&sandbox).access_token("minsu", false).await;
    naver.profile(&token).await.unwrap();
    for (denial, status) in [(CalendarDenial::Unauthorized, 401), (CalendarDenial::Forbidden, 403)] {
        sandbox.control().set(|quirks| quirks.calendar_denial = denial);
        let error = naver.create_schedule(&token, &schedule("회의")).await.unwrap_err();
        assert!(
            matches!(error.kind(), NaverErrorKind::PermissionDenied(reply) if reply.status() == status),
            "{error:?}"
        );
        assert!(error.model_message().contains("permission"), "{}", error.model_message());
    }
    sandbox.control().expire_access_tokens();
    let error = naver.create_schedule(&token, &schedule("회의")).await.unwrap_err();
    assert!(matches!(error.kind(), NaverErrorKind::PermissionDenied(_)), "{error:?}");
    assert!(sandbox.control().schedules().is_empty());
}

#[tokio::test]
async fn the_mistakes_of_other_clients_are_found() {
    let sandbox = sandbox().await;
    let browser = Browser::new(&sandbox);
    let tokens = browser.tokens("minsu", true).await;
    let text = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZOFFSETTO:+0900\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:u\n\
        DTSTART;TZID=Asia/Seoul:20270301T150000\nDTEND;TZID=Asia/Seoul:20270301T160000\nSUMMARY:가상\nEND:VEVENT\nEND:VCALENDAR";
    let post = async |calendar: &str, text: String| {
        let form = [("calendarId", calendar), ("scheduleIcalString", &text)];
        let url = browser.url("/calendar/createSchedule.json");
        let token = tokens["access_token"].as_str().unwrap();
        let response = browser.http().post(url).bearer_auth(token).form(&form).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/html;charset=UTF-8");
        read(response).await
    };
    let ours = "defaultCalendarId";
    let (status, body) = post(ours, text.to_owned()).await;
    assert_eq!((status, &body["result"]), (200, &json!("success")), "{body}");
    for (bad, reason) in [
        (text.replace("+0900", "%2B0900"), "twice"),
        (text.replace("가상", "%EA%B0%80"), "twice"),
        (text.replace("+0900", " 0900"), "lost"),
        (text.replace("UID:u", "UID:u%20"), "UID"),
    ] {
        let (status, body) = post(ours, bad).await;
        assert_eq!(status, 400);
        assert!(body["errorMessage"].as_str().unwrap().contains(reason), "{body}");
    }
    let (status, body) = post("other", text.to_owned()).await;
    assert_eq!((status, &body["errorCode"]), (404, &json!("1404")));
}
