//! The rows of the acceptance list, and that each of them has a test.

/// Every row, section by section: what has to happen, in a few words.
const ROWS: &[(&str, &str)] = &[
    ("DISC-01", "a request without a token is told where to log in"),
    ("DISC-02", "the resource is the URL that the client uses"),
    ("DISC-03", "the issuer is the string that its metadata was found by"),
    ("DISC-04", "S256 and code only"),
    ("DISC-05", "iss is promised"),
    ("FLOW-01", "login, token, call"),
    ("FLOW-02", "the token answer"),
    ("REG-01", "minimal registration"),
    ("REG-02", "no redirect URIs"),
    ("REG-03", "schemes that run or read something"),
    ("REG-04", "fragments, relative URIs, user names"),
    ("REG-05", "plain http elsewhere, wildcards"),
    ("REG-06", "no metadata"),
    ("REG-07", "too large"),
    ("REG-08", "a flood of registrations"),
    ("REG-10", "other grants"),
    ("RED-01", "unknown client"),
    ("RED-02", "another URI"),
    ("RED-03", "loopback, another port"),
    ("RED-04", "loopback, another host"),
    ("RED-05", "another port elsewhere"),
    ("RED-06", "a fragment"),
    ("RED-07", "none of two"),
    ("RED-09", "faults behind a proven redirect URI"),
    ("PKCE-01", "no challenge"),
    ("PKCE-02", "plain"),
    ("PKCE-03", "a challenge that is none"),
    ("PKCE-04", "a wrong verifier"),
    ("PKCE-05", "no verifier"),
    ("CODE-01", "used twice"),
    ("CODE-02", "what the first use gave is dead"),
    ("CODE-04", "another client's"),
    ("CODE-05", "another redirect URI"),
    ("CODE-06", "another resource at /authorize"),
    ("CODE-07", "another resource at /token"),
    ("CODE-08", "400 and no-store"),
    ("CODE-09", "odd requests"),
    ("CODE-10", "lifetime"),
    ("ISS-01", "state comes back unchanged"),
    ("ISS-02", "iss in success"),
    ("ISS-03", "iss in errors"),
    ("ISS-04", "a state that is not ours"),
    ("ISS-05", "a callback twice"),
    ("ISS-06", "another browser"),
    ("ISS-08", "the leg to the provider"),
    ("ISS-09", "the provider's error"),
    ("ISS-10", "a failed exchange"),
    ("CONS-01", "our page first"),
    ("CONS-02", "framing"),
    ("CONS-03", "without the form's token"),
    ("CONS-04", "from another browser"),
    ("CONS-06", "answered twice"),
    ("CONS-07", "what the page says"),
    ("CONS-08", "markup"),
    ("CONS-09", "denied"),
    ("CONS-10", "a twin"),
    ("CONS-11", "another redirect URI"),
    ("CONS-13", "cookies and caching"),
    ("TOK-01", "a good token"),
    ("TOK-02", "no token"),
    ("TOK-03", "a changed byte"),
    ("TOK-04", "alg none"),
    ("TOK-05", "guessed keys"),
    ("TOK-06", "header games"),
    ("TOK-07", "claims"),
    ("TOK-08", "one kind for another"),
    ("TOK-09", "the provider's token"),
    ("TOK-10", "elsewhere than in the header"),
    ("TOK-11", "the right key, wrong claims"),
    ("TOK-13", "a missing scope"),
    ("TOK-14", "key rotation"),
    ("REF-01", "refresh"),
    ("REF-02", "reuse ends the family"),
    ("REF-03", "two at once"),
    ("REF-04", "a lost answer"),
    ("REF-05", "another client"),
    ("REF-07", "the provider's no"),
    ("REF-08", "its no under 200"),
    ("REF-09", "an outage"),
    ("REF-10", "a slow provider"),
    ("REF-11", "identity cannot be checked"),
    ("REF-12", "rotation at the provider"),
    ("REF-13", "ten calls, one refresh"),
    ("REF-14", "hanging up"),
    ("REF-15", "a check that races a refresh"),
    ("REV-01", "a refresh token"),
    ("REV-02", "an access token"),
    ("REV-03", "an unknown token"),
    ("REV-04", "another client's"),
    ("REV-05", "at the provider"),
    ("CIMD-01", "http"),
    ("CIMD-02", "addresses that are not public"),
    ("CIMD-03", "URLs that are no client id"),
    ("CIMD-05", "answers that are no document"),
    ("CIMD-06", "documents that describe no client"),
    ("CIMD-07", "the cache"),
    ("HTTP-01", "foreign origins"),
    ("HTTP-02", "foreign hosts"),
    ("HTTP-03", "headers against the body"),
    ("HTTP-04", "names in base64"),
    ("HTTP-05", "unknown versions"),
    ("HTTP-06", "no version or capabilities"),
    ("HTTP-07", "unknown methods"),
    ("HTTP-08", "large bodies"),
    ("HTTP-09", "deep nesting"),
    ("HTTP-11", "no UTF-8"),
    ("HTTP-12", "batches"),
    ("HTTP-13", "no requests"),
    ("HTTP-14", "one-way messages"),
    ("HTTP-15", "other methods and types"),
    ("HTTP-16", "unknown tools, wrong arguments"),
    ("HTTP-17", "hanging up"),
    ("HTTP-19", "slow headers"),
    ("SRV-01", "a panic"),
    ("SRV-02", "a time limit"),
    ("SRV-03", "a blocked thread"),
    ("SRV-04", "SIGTERM"),
    ("SRV-05", "kill -9"),
    ("SRV-06", "a full disk"),
    ("SRV-07", "a damaged store"),
    ("SRV-08", "a wrong key"),
    ("SRV-09", "clock jumps"),
    // Until there is a store over the network: a store that goes away, and two servers over one store.
    ("SRV-10", "the store is away"),
    ("SRV-11", "two replicas"),
    ("SRV-12", "a restart between any two steps"),
    ("SRV-13", "after all that"),
    ("HYG-01", "logs"),
    ("HYG-02", "Debug and Display"),
    ("HYG-03", "error bodies"),
    ("HYG-04", "comparisons"),
    ("HYG-05", "at rest"),
    ("HYG-06", "unguessable values"),
];

/// The files of this target, as they were compiled.
const FILES: &[&str] = &[
    include_str!("access.rs"),
    include_str!("callback.rs"),
    include_str!("codes.rs"),
    include_str!("consent.rs"),
    include_str!("discovery.rs"),
    include_str!("documents.rs"),
    include_str!("http.rs"),
    include_str!("hygiene.rs"),
    include_str!("pkce.rs"),
    include_str!("process.rs"),
    include_str!("redirect.rs"),
    include_str!("refresh.rs"),
    include_str!("registration.rs"),
    include_str!("revocation.rs"),
    include_str!("server.rs"),
];

/// The names of all tests that would run.
fn tests() -> Vec<&'static str> {
    let mut names = Vec::new();
    for file in FILES {
        let mut is_test = false;
        for line in file.lines().map(str::trim) {
            if line.starts_with("#[tokio::test") || line == "#[test]" {
                is_test = true;
            } else if line.starts_with("#[ignore") {
                is_test = false;
            } else if let Some((_, rest)) = line.split_once("fn ")
                && std::mem::take(&mut is_test)
            {
                names.push(rest.split('(').next().unwrap());
            }
        }
    }
    names
}

/// What the tests of a row begin with: `red_04_` for RED-04.
fn prefix(id: &str) -> String {
    format!("{}_", id.to_lowercase().replace('-', "_"))
}

#[test]
fn every_row_has_a_test() {
    let tests = tests();
    let without: Vec<_> = ROWS
        .iter()
        .filter(|(id, _)| !tests.iter().any(|name| name.starts_with(&prefix(id))))
        .map(|(id, what)| format!("{id} ({what})"))
        .collect();
    assert!(without.is_empty(), "rows without a test: {without:?}");
}

#[test]
fn every_test_is_of_a_row() {
    for name in tests() {
        assert!(ROWS.iter().any(|(id, _)| name.starts_with(&prefix(id))), "{name} is of no row");
    }
}

/// The ids that a text names.
fn named(text: &str) -> Vec<&str> {
    let is_id = |word: &&str| {
        word.split_once('-').is_some_and(|(section, number)| {
            section.len() >= 3
                && section.bytes().all(|byte| byte.is_ascii_uppercase())
                && number.len() == 2
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-').filter(is_id).collect()
}

#[test]
fn the_threat_model_names_every_row_and_no_other() {
    let named = named(include_str!("../../../SECURITY.md"));
    for (id, what) in ROWS {
        assert!(named.contains(id), "SECURITY.md does not name {id} ({what})");
    }
    for id in named {
        assert!(ROWS.iter().any(|(known, _)| *known == id), "SECURITY.md names {id}, which is no row");
    }
}

#[test]
fn the_tests_that_the_threat_model_names_by_their_file_are_there() {
    let mut found = 0;
    for line in include_str!("../../../SECURITY.md").lines() {
        let mut file = None;
        // Every second part stands between two marks of code.
        for code in line.split('`').skip(1).step_by(2) {
            if code.ends_with(".rs") {
                let text = std::fs::read_to_string(dari_tests::repository().join(code));
                file = Some((code, text.unwrap_or_else(|error| panic!("{code}: {error}"))));
            } else if let Some((path, text)) = &file {
                let mut lines = text.lines().map(str::trim);
                let named = format!("fn {code}(");
                assert!(lines.any(|line| line.trim_start_matches("async ").starts_with(&named)), "no {code} in {path}");
                found += 1;
            }
        }
    }
    assert!(found > 0);
}
