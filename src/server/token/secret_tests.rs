//! The secret and its file.

use super::*;
use crate::server::system::SystemEntropy;

struct Counting;
impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(0..).for_each(|(byte, n)| *byte = n);
    }
}

fn of(bytes: [u8; LEN]) -> InstallationSecret {
    InstallationSecret { current: SealingKey::new(Zeroizing::new(bytes)).unwrap(), former: None }
}

#[test]
fn what_is_sealed_opens_under_its_own_name_and_secret_only() {
    let secret = of([7; LEN]);
    let sealed = secret.seal("key-1", b"private", &Counting).unwrap();
    assert!(!sealed.windows(7).any(|window| window == b"private"));
    assert_eq!(secret.open("key-1", &sealed).unwrap().as_slice(), b"private");
    assert!(matches!(secret.open("key-2", &sealed), Err(SecretError::Foreign)));
    assert!(matches!(of([8; LEN]).open("key-1", &sealed), Err(SecretError::Foreign)));
    assert!(matches!(secret.open("key-1", &sealed[..5]), Err(SecretError::Foreign)));
}

#[test]
fn the_file_is_private_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/secret.key");
    assert!(InstallationSecret::load(&path).unwrap().is_none());
    let sealed = InstallationSecret::create(&path, &Counting).unwrap().seal("k", b"x", &Counting).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(InstallationSecret::load(&path).unwrap().unwrap().open("k", &sealed).unwrap().as_slice(), b"x");
    let again = InstallationSecret::create(&path, &SystemEntropy).unwrap();
    assert_eq!(again.open("k", &sealed).unwrap().as_slice(), b"x", "an existing secret is never overwritten");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left in its folder");
}

#[test]
fn a_secret_that_is_being_replaced_opens_what_either_sealed_and_seals_with_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    let old = InstallationSecret::create(&path, &SystemEntropy).unwrap();
    let sealed = old.seal("k", b"x", &SystemEntropy).unwrap();
    // What a killed command left.
    std::fs::write(folder.path().join("secret.key.partial"), "half").unwrap();
    old.replaced(&SystemEntropy).unwrap().save(&path).unwrap();
    let both = InstallationSecret::load(&path).unwrap().unwrap();
    assert_eq!(both.open_under("k", &sealed).unwrap().0, SealedUnder::Former);
    let new = both.seal("k", b"x", &SystemEntropy).unwrap();
    let former = both.seal_under(SealedUnder::Former, "k", b"x", &SystemEntropy).unwrap();
    assert_eq!(both.open_under("k", &new).unwrap().0, SealedUnder::Current);
    assert_eq!(both.open_under("k", &former).unwrap().0, SealedUnder::Former);
    both.without_former().save(&path).unwrap();
    let one = InstallationSecret::load(&path).unwrap().unwrap();
    assert_eq!(one.open("k", &new).unwrap().as_slice(), b"x");
    assert!(one.open("k", &sealed).is_err() && one.seal_under(SealedUnder::Former, "k", b"x", &Counting).is_none());
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_link_to_the_file_stays_one_and_what_stands_in_the_way_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.key"), folder.path().join("link"));
    let secret = InstallationSecret::create(&real, &SystemEntropy).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let next = secret.replaced(&SystemEntropy).unwrap();
    next.save(&link).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let before = std::fs::read(&real).unwrap();
    std::fs::create_dir(folder.path().join("real.key.partial")).unwrap();
    assert!(matches!(next.without_former().save(&link), Err(SecretError::Replace(..))));
    assert_eq!(std::fs::read(&real).unwrap(), before);
}

#[test]
fn a_damaged_or_open_file_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    drop(InstallationSecret::create(&path, &Counting).unwrap());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Open(..))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let line = format!("latchkey-secret-1:{}\n", base64url(&[7; LEN]));
    let (second_damaged, three) = (format!("{line}latchkey-secret-1:AAAA\n"), line.repeat(3));
    for damaged in ["", "latchkey-secret-1:", "latchkey-secret-1:AAAA\n", "something else", &second_damaged, &three] {
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Damaged(_))), "{damaged:?}");
    }
    std::fs::write(&path, b"latchkey-secret-1:\xff\xfe").unwrap();
    assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Damaged(_))), "no text");
    // A file that cannot be read is not missing, which would lead to a new one, and not damaged.
    assert!(matches!(InstallationSecret::load(folder.path()), Err(SecretError::NoFile(_))));
    assert!(matches!(InstallationSecret::load(&path.join("below a file")), Err(SecretError::Io(..))));
}

#[test]
fn a_pipe_or_a_folder_of_everybody_s_is_refused_at_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    assert!(matches!(InstallationSecret::load(&pipe), Err(SecretError::NoFile(_))));
    let path = folder.path().join("secret.key");
    drop(InstallationSecret::create(&path, &Counting).unwrap());
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(InstallationSecret::load(&path), Err(SecretError::Folder(_, 0o777))));
    assert!(matches!(
        InstallationSecret::create(&folder.path().join("new"), &Counting),
        Err(SecretError::Folder(_, 0o777))
    ));
    assert!(!folder.path().join("new").exists());
}

/// Several servers start at once for the first time.
#[test]
fn of_many_that_make_the_secret_at_once_all_have_the_same() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/secret.key");
        let start = std::sync::Barrier::new(16);
        let secrets: Vec<InstallationSecret> = std::thread::scope(|scope| {
            let make = || {
                start.wait();
                InstallationSecret::create(&path, &SystemEntropy).unwrap()
            };
            let makers: Vec<_> = (0..16).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let sealed = secrets[0].seal("k", b"x", &Counting).unwrap();
        for secret in secrets.iter().chain(&[InstallationSecret::load(&path).unwrap().unwrap()]) {
            assert_eq!(secret.open("k", &sealed).unwrap().as_slice(), b"x");
        }
    }
}

#[test]
fn a_secret_that_is_still_being_written_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    write_new(&path, PREFIX).unwrap();
    std::thread::scope(|scope| {
        let taken = scope.spawn(|| InstallationSecret::create(&path, &SystemEntropy).unwrap());
        let rest = format!("{}\n", base64url(&[7; LEN]));
        std::fs::File::options().append(true).open(&path).unwrap().write_all(rest.as_bytes()).unwrap();
        let sealed = of([7; LEN]).seal("k", b"x", &Counting).unwrap();
        assert!(taken.join().unwrap().open("k", &sealed).is_ok());
    });
}
