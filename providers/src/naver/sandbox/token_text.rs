//! What a token of the sandbox says, so that one which an earlier run issued is good in this one too.
//!
//! Naver remembers its users; a sandbox that is started anew remembers nobody. A server under development is restarted
//! often, and its users' logins must not die of it: a token therefore tells whose it is, and a later run takes it at its
//! word. Nothing is lost by that, as everybody's password is `test`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What tokens of one sandbox process have in common.
pub(super) type Run = [u8; 8];

/// What is written into a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Which process issued it.
    pub(super) run: Run,
    pub(super) random: [u8; 16],
    /// When it ends, in seconds since 1970; refresh tokens never do.
    pub(super) expires: i64,
    /// Whether its user agreed to the calendar.
    pub(super) calendar: bool,
    pub(super) user: String,
}

impl Content {
    /// An access token. Naver's hold `+`, `/` and `=`; these always do, so that a client which forgets to encode is
    /// found out.
    pub(super) fn access(&self) -> String {
        format!("AAAA{}+/x=", STANDARD_NO_PAD.encode(self.bytes()))
    }

    /// A refresh token, which holds letters and digits only.
    pub(super) fn refresh(&self) -> String {
        super::state::hex(&self.bytes())
    }

    pub(super) fn of_access(token: &str) -> Option<Self> {
        let text = token.strip_prefix("AAAA")?.strip_suffix("+/x=")?;
        Self::parse(&STANDARD_NO_PAD.decode(text).ok()?)
    }

    pub(super) fn of_refresh(token: &str) -> Option<Self> {
        let digits = token.as_bytes().chunks_exact(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        Self::parse(&digits.map(byte).collect::<Option<Vec<_>>>()?)
    }

    fn bytes(&self) -> Vec<u8> {
        let flag = [u8::from(self.calendar)];
        [&self.run[..], &self.random, &self.expires.to_be_bytes(), &flag, self.user.as_bytes()].concat()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (run, rest) = bytes.split_first_chunk()?;
        let (random, rest) = rest.split_first_chunk()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (flag, user) = rest.split_first()?;
        let user = String::from_utf8(user.to_vec()).ok().filter(|user| !user.is_empty())?;
        Some(Self { run: *run, random: *random, expires: i64::from_be_bytes(*expires), calendar: *flag == 1, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_say_whose_they_are() {
        let content =
            Content { run: [1; 8], random: [2; 16], expires: 1_795_415_283, calendar: true, user: "홍길동".into() };
        assert_eq!(Content::of_access(&content.access()), Some(content.clone()));
        assert_eq!(Content::of_refresh(&content.refresh()), Some(content.clone()));
        assert!(content.refresh().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        for garbage in ["", "AAAA+/x=", "AAAA!+/x=", "0", "zz", "가나", &content.refresh()[..40]] {
            assert_eq!(Content::of_access(garbage), None, "{garbage}");
            assert_eq!(Content::of_refresh(garbage), None, "{garbage}");
        }
    }
}
