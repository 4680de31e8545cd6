//! The language of a page.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language our pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// 한국어
    Ko,
    /// English
    En,
}

impl Lang {
    /// The one of ours that the browser likes best (RFC 9110 §12.5.4); English when it names neither.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let wishes = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let mut best = (0.0, Self::En);
        for wish in wishes.flat_map(|value| value.split(',')).take(50) {
            let mut parts = wish.split(';').map(str::trim);
            let range = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
            let lang = match range.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "ko" => Self::Ko,
                "en" => Self::En,
                _ => continue,
            };
            match quality {
                Some(quality) if quality > best.0 => best = (quality, lang),
                _ => {}
            }
        }
        best.1
    }

    /// The BCP 47 tag, for `lang` and for the provider's scope descriptions.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The one of two texts that is in this language.
    pub(super) fn pick<T>(self, ko: T, en: T) -> T {
        match self {
            Self::Ko => ko,
            Self::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn by_accept_language() {
        for (header, lang) in [
            ("", Lang::En),
            ("ko", Lang::Ko),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Lang::Ko),
            ("en-US,en;q=0.9,ko;q=0.8", Lang::En),
            ("en;q=0.5, KO-kr;q=0.6", Lang::Ko),
            ("de,fr;q=0.9,ko;q=0.1", Lang::Ko),
            ("de", Lang::En),
            ("*", Lang::En),
            ("ko;q=0, de", Lang::En),
            ("ko;q=x,en", Lang::En),
            ("kok", Lang::En),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(header))]);
            assert_eq!(Lang::of(&headers), lang, "{header}");
        }
        assert_eq!(Lang::of(&HeaderMap::new()), Lang::En);
    }
}
