use std::fs;

use super::*;

fn parse(text: &str) -> Result<Secret, KeyError> {
    Secret::parse(&SecretString::from(text))
}

#[test]
fn reads_every_spelling_of_the_same_secret() {
    let bytes: Vec<u8> = (200..=255).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let url_safe = URL_SAFE_NO_PAD.encode(&bytes);
    assert_ne!(base64.trim_end_matches('='), url_safe);
    let padded = format!("  {base64}\n");
    for text in [&hex, &hex.to_uppercase(), &base64, &url_safe, &padded] {
        assert_eq!(*parse(text).unwrap().0, bytes, "{text}");
    }
}

#[test]
fn takes_long_text_and_refuses_short() {
    let long = "correct horse battery staple, twice over!";
    assert_eq!(*parse(long).unwrap().0, long.as_bytes());
    // 32 hexadecimal digits are 16 bytes, but 32 bytes as text.
    assert_eq!(parse(&"0a".repeat(16)).unwrap().0.len(), 32);
    for short in ["", "hunter2", &"x".repeat(31), &format!("   {}", "x".repeat(31))] {
        let error = parse(short).unwrap_err().to_string();
        assert!(error.contains("openssl rand -base64 32"), "{error}");
        assert!(short.is_empty() || !error.contains(short), "{error}");
    }
    assert!(matches!(KeyRing::new([]), Err(KeyError::None)));
}

#[test]
fn every_label_and_every_secret_gives_another_key() {
    let secret = |byte| Secret::from_bytes(vec![byte; 32]).unwrap();
    let ring = KeyRing::new([secret(1), secret(2)]).unwrap();
    let ids: Vec<_> = ring.ids().collect();
    assert_eq!((ids.len(), ids[0]), (2, ring.id()));
    let first = ring.derive("dari/store");
    assert_eq!(first, ring.derive_for(ids[0], "dari/store").unwrap());
    assert_ne!(first, ring.derive("dari/cookie"));
    assert_ne!(first, ring.derive_for(ids[1], "dari/store").unwrap());
    assert_ne!(first[..KeyId::LEN], *ids[0].bytes());
    let other = KeyRing::new([secret(3)]).unwrap();
    assert_eq!(other.derive_for(ids[0], "dari/store"), None);
}

#[test]
fn derivation_is_hkdf_as_in_rfc_5869() {
    // Recomputed with Python's hmac: HKDF-SHA256, no salt, 32 bytes of 0x0b, info "dari/store".
    let ring = KeyRing::new([Secret::from_bytes(vec![0x0b; 32]).unwrap()]).unwrap();
    let hex: String = ring.derive("dari/store").iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "e1df5e511706fb9c5c5faa46899455c6f5edef13a181f57e7677e57481ab5c6a");
}

#[test]
fn nothing_prints_a_secret() {
    let text = "this is a very secret text of many bytes";
    let secret = parse(text).unwrap();
    let ring = KeyRing::new([secret.clone()]).unwrap();
    let printed = format!("{secret:?} {ring:?} {} {:?}", ring.id(), ring.id());
    assert!(printed.contains("REDACTED") && !printed.contains("very"), "{printed}");
}

#[test]
fn the_file_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dari/server/secret");
    let made = KeyRing::load_or_create(&path).unwrap();
    assert_eq!(made.id(), KeyRing::load_or_create(&path).unwrap().id());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn processes_that_start_together_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || KeyRing::load_or_create(path).unwrap().id())
        })
        .collect();
    let ids: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn a_spoiled_file_is_named_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    for content in [b"short".as_slice(), b"", &[0xff; 64]] {
        fs::write(&path, content).unwrap();
        let error = KeyRing::load_or_create(&path).unwrap_err();
        assert!(matches!(error, KeyError::Content { .. }), "{error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()));
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}
