//! Adding a schedule to the user's calendar.

use chrono::Utc;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::NaverOpenApi;
use crate::naver::error::{CallAuth, NaverError};
use crate::naver::http::bearer;
use crate::naver::ical::{EventText, calendar_text};
use crate::naver::kst::{KstDateTime, KstPeriod, ReversedPeriodError};

/// A schedule to be added, with a title and an end after its start.
///
/// Its UID is a hash of all it says, so that sending the same schedule twice (a model that calls its tool again after a
/// timeout) changes nothing instead of making a second one: Naver takes a known UID for a change. The hash holds no
/// token and nothing of the user. Give a [`uid`](Self::uid) to change a schedule on purpose.
///
/// ```
/// use dari_providers::naver::NewSchedule;
///
/// let schedule = NewSchedule::new("팀 회의", "2026-10-18 15:30".parse()?, "2026-10-18 16:30".parse()?)?
///     .location("3층 회의실");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NewSchedule {
    title: String,
    period: KstPeriod,
    description: String,
    location: String,
    uid: Option<String>,
}

impl NewSchedule {
    /// A schedule from `start` to `end`.
    ///
    /// # Errors
    /// When the title is blank, or `end` is not after `start`.
    pub fn new(title: impl Into<String>, start: KstDateTime, end: KstDateTime) -> Result<Self, NaverError> {
        let title = title.into();
        // What is left of a title of control characters alone would be blank.
        if title.chars().all(|c| c.is_whitespace() || c.is_control()) {
            return Err(InvalidSchedule::EmptyTitle.into());
        }
        let period = KstPeriod::new(start, end)?;
        Ok(Self { title, period, description: String::new(), location: String::new(), uid: None })
    }

    /// What it is about; may have several lines.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Where it is.
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = location.into();
        self
    }

    /// The UID: that of an earlier schedule changes it.
    ///
    /// # Errors
    /// When it is empty, longer than 255 bytes, or holds anything but ASCII letters, digits and `-_.@`. Naver does not
    /// take `%`.
    pub fn uid(mut self, uid: impl Into<String>) -> Result<Self, NaverError> {
        let uid = uid.into();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
        if uid.is_empty() || uid.len() > 255 || !uid.bytes().all(fits) {
            return Err(InvalidSchedule::Uid.into());
        }
        self.uid = Some(uid);
        Ok(self)
    }

    fn uid_or_hash(&self) -> String {
        self.uid.clone().unwrap_or_else(|| {
            let mut hash = Sha256::new();
            let (start, end) = (self.period.start().to_string(), self.period.end().to_string());
            for part in ["dari schedule 1", &self.title, &start, &end, &self.description, &self.location] {
                // Lengths keep the parts apart: ("ab", "c") is not ("a", "bc").
                hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(part);
            }
            // As long as a UUID, which Naver's samples use.
            let digits = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>();
            format!("dari{digits}")
        })
    }
}

/// A schedule that is not sent. Its message is meant for the one who asked for it, a model or a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSchedule {
    /// The title is blank.
    #[error("the title is empty; give the schedule a title")]
    EmptyTitle,
    /// The end is not after the start.
    #[error(transparent)]
    Reversed(#[from] ReversedPeriodError),
    /// A UID that Naver would not take.
    #[error("the uid must be 1 to 255 ASCII letters, digits and `-_.@`; leave it out to get one made")]
    Uid,
    /// The iCalendar text could not be written; formatting into a string does not fail in practice.
    #[error("the schedule can't be written as iCalendar; give simpler texts")]
    Unwritable,
}

/// A schedule that Naver has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct CreatedSchedule {
    /// Naver's number of the calendar.
    pub calendar_id: String,
    /// UID of the schedule.
    pub uid: String,
    /// Whether it is new.
    pub process_type: ProcessType,
}

/// What Naver did with a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ProcessType {
    /// It was added.
    Create,
    /// One with the same UID was there and was changed.
    Modify,
}

impl NaverOpenApi {
    /// Adds a schedule to the user's default calendar: `POST /calendar/createSchedule.json`.
    ///
    /// The application needs the calendar API ticked in its settings, and the user must have agreed to it.
    /// Naver can only add: there is no call to list, read or delete schedules.
    ///
    /// # Errors
    /// [`NaverErrorKind::PermissionDenied`](crate::naver::NaverErrorKind::PermissionDenied) when the token expired or the permission is missing, and the other ones.
    pub async fn create_schedule(
        &self,
        token: &SecretString,
        schedule: &NewSchedule,
    ) -> Result<CreatedSchedule, NaverError> {
        let uid = schedule.uid_or_hash();
        let event = EventText {
            uid: &uid,
            title: &schedule.title,
            start: schedule.period.start(),
            end: schedule.period.end(),
            description: &schedule.description,
            location: &schedule.location,
        };
        let text = calendar_text(&event, Utc::now()).map_err(|std::fmt::Error| InvalidSchedule::Unwritable)?;
        let inner = &*self.inner;
        // Encoded once, by the form encoder; Naver's own samples that encode by hand do no more than that.
        let form = [("calendarId", "defaultCalendarId"), ("scheduleIcalString", &text)];
        let request = inner.http.post(inner.open_api.at("/calendar/createSchedule.json")).form(&form);
        let reply = inner.http.send(CallAuth::User, bearer(request, token)).await?;
        created(&reply.body, &uid)
            .ok_or_else(|| NaverError::garbage(reply.status, "the calendar reply is not of the documented form"))
    }
}

fn created(body: &Value, uid: &str) -> Option<CreatedSchedule> {
    if body["result"] != "success" {
        return None;
    }
    let value = &body["returnValue"];
    let calendar_id = match &value["calendarId"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    Some(CreatedSchedule {
        calendar_id,
        uid: value["icalUid"].as_str().unwrap_or(uid).to_owned(),
        process_type: ProcessType::deserialize(&value["processType"]).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::naver::NaverErrorKind;

    fn at(text: &str) -> KstDateTime {
        text.parse().unwrap()
    }

    fn schedule(title: &str) -> NewSchedule {
        NewSchedule::new(title, at("2026-10-18 15:30"), at("2026-10-18 16:30")).unwrap()
    }

    /// Why a schedule was refused.
    fn refused(result: Result<NewSchedule, NaverError>) -> InvalidSchedule {
        match result.unwrap_err().kind() {
            NaverErrorKind::InvalidSchedule(invalid) => invalid.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_schedule_has_a_title_and_ends_after_it_starts() {
        let (three, four) = (at("2026-10-18 15:00"), at("2026-10-18 16:00"));
        for blank in ["", " \n", "\u{0}\u{7}"] {
            assert!(matches!(refused(NewSchedule::new(blank, three, four)), InvalidSchedule::EmptyTitle));
        }
        let error = NewSchedule::new("t", four, three).unwrap_err().to_string();
        assert!(error.contains("is not after the start"), "{error}");
        NewSchedule::new("t", three, three).unwrap_err();
    }

    #[test]
    fn the_uid_depends_on_all_that_is_said_and_on_nothing_else() {
        let base = schedule("회의").uid_or_hash();
        assert_eq!(base, schedule("회의").uid_or_hash());
        assert_eq!(base.len(), 36);
        assert!(base.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{base}");
        let later = NewSchedule::new("회의", at("2026-10-18 15:30"), at("2026-10-18 16:31")).unwrap();
        for other in [schedule("회의2"), schedule("회의").description("d"), schedule("회의").location("d"), later]
        {
            assert_ne!(other.uid_or_hash(), base);
        }
    }

    #[test]
    fn a_uid_of_ones_own_has_no_percent() {
        assert_eq!(schedule("t").uid("a-1@b.kr").unwrap().uid_or_hash(), "a-1@b.kr");
        for bad in ["", "a%b", "a b", "a\r\nEND:VEVENT", "한글", &"x".repeat(256)] {
            assert!(matches!(refused(schedule("t").uid(bad)), InvalidSchedule::Uid));
        }
    }

    #[test]
    fn both_forms_of_the_reply_are_read() {
        let value = json!({"processType": "create", "calendarId": "1234567", "icalUid": "u"});
        for body in [
            json!({"result": "success", "returnValue": value}),
            json!({"result": "success", "code": 200, "returnValue": value}),
        ] {
            let created = created(&body, "x").unwrap();
            assert_eq!((created.calendar_id.as_str(), created.uid.as_str()), ("1234567", "u"));
            assert_eq!(serde_json::to_value(&created).unwrap()["process_type"], "create");
        }
        for body in [json!({}), json!({"result": "fail"}), json!({"result": "success"})] {
            assert_eq!(created(&body, "x"), None);
        }
    }
}
