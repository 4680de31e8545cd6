//! The user behind a token.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::error::NaverError;

/// A Naver user, as the profile API (`/v1/nid/me`) tells of them.
///
/// Each field but the id is there only if the application asks for it **and** the user agreed to it.
/// Naver does not say whether the e-mail address was verified: never take it for the user's identity.
///
/// `Debug` shows the id only; the rest is personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NaverProfile {
    /// Identifies the user to this application only; another application sees another id. At most 64 characters.
    pub id: String,
    /// Nickname; masked like `abc***` where the user set none.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Contact address, not verified, not necessarily at Naver.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `F`, `M` or `U` (not known).
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Age group such as `20-29`, or `60-`.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
    /// Birthday as `MM-DD`.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    /// Year of birth as `YYYY`.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub birthyear: Option<String>,
    /// Mobile number like `010-1234-5678`.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// Mobile number like `+821012345678`; not in Naver's documentation.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub mobile_e164: Option<String>,
    /// URL of a picture.
    #[serde(default, deserialize_with = "non_empty", skip_serializing_if = "Option::is_none")]
    pub profile_image: Option<String>,
}

impl NaverProfile {
    /// Reads a reply that [`classify`](super::error::classify) let pass: it must say `00` and name an id.
    pub(crate) fn from_reply(status: u16, body: &Value) -> Result<Self, NaverError> {
        if status != 200 || body["resultcode"] != "00" {
            return Err(NaverError::garbage(status, "the profile lacks resultcode 00"));
        }
        // serde's own message could quote personal data, so it is dropped.
        let profile = Self::deserialize(&body["response"])
            .map_err(|_| NaverError::garbage(status, "the profile is not of the documented form"))?;
        if profile.id.trim().is_empty() {
            return Err(NaverError::garbage(status, "the profile has an empty id"));
        }
        Ok(profile)
    }
}

impl fmt::Debug for NaverProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NaverProfile").field("id", &self.id).finish_non_exhaustive()
    }
}

fn non_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn refused_items_are_absent_and_unknown_ones_ignored() {
        let body = json!({"resultcode": "00", "message": "success",
            "response": {"id": "aB3_x", "nickname": "", "email": null, "name": "홍길동", "enc_id": "z"}});
        let profile = NaverProfile::from_reply(200, &body).unwrap();
        assert_eq!((profile.id.as_str(), profile.name.as_deref()), ("aB3_x", Some("홍길동")));
        assert_eq!(serde_json::to_value(&profile).unwrap(), json!({"id": "aB3_x", "name": "홍길동"}));
    }

    #[test]
    fn success_needs_status_code_and_id() {
        let good = json!({"resultcode": "00", "response": {"id": "x"}});
        NaverProfile::from_reply(200, &good).unwrap();
        NaverProfile::from_reply(201, &good).unwrap_err();
        for bad in [
            json!({}),
            json!({"response": {"id": "x"}}),
            json!({"resultcode": "024", "response": {"id": "x"}}),
            json!({"resultcode": "00"}),
            json!({"resultcode": "00", "response": {}}),
            json!({"resultcode": "00", "response": {"id": " "}}),
            json!({"resultcode": "00", "response": {"id": 7}}),
        ] {
            NaverProfile::from_reply(200, &bad).unwrap_err();
        }
    }

    #[test]
    fn debug_shows_the_id_only() {
        let body = json!({"resultcode": "00", "response": {"id": "x", "name": "홍길동", "email": "a@example.com"}});
        let shown = format!("{:?}", NaverProfile::from_reply(200, &body).unwrap());
        assert_eq!(shown, r#"NaverProfile { id: "x", .. }"#);
    }
}
