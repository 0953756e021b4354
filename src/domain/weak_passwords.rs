//! New passwords that an attacker would try first. The server and the page's strength meter use the same rules: first
//! those that need no estimate ([`is_own_name`], [`is_mostly_known`]), then an estimate of the guesses needed for
//! [`judged`].

/// The limit for common passwords, as a power of ten: a password that takes fewer guesses is on a list of 30,000, or is
/// little more than one of these, a run of keys, a date, or a short repeated piece.
pub const COMMON_LOG10: f64 = 6.0;
/// How many characters of a password are judged. The rest of a longer one is ignored.
const LOOKED_AT: usize = 64;
/// A password with fewer characters than this beside a known name is little more than that name.
const BESIDE: usize = 8;

/// Passwords known as examples, sayings, or lines of books and films. Lists of passwords have them, lists of words do
/// not. In lower case, without spaces and punctuation.
const FAMOUS: [&str; 67] = [
    "abandonhopeallyewhoenterhere",
    "allemeineentchen",
    "allyourbasearebelongtous",
    "bewaretheidesofmarch",
    "beammeupscotty",
    "bigbrotheriswatchingyou",
    "callmeishmael",
    "changemechangeme",
    "cogitoergosum",
    "correcthorsebattery",
    "horsebatterystaple",
    "dasistkeinpasswort",
    "donttellanybody",
    "enteryourpassword",
    "ettubrute",
    "franklymydear",
    "freudeschönergötterfunken",
    "fromrussiawithlove",
    "fourscoreandsevenyears",
    "godsavethequeen",
    "godsavetheking",
    "hastalavistababy",
    "houstonwehaveaproblem",
    "howmuchwood",
    "ichbineinberliner",
    "onesmallstepforaman",
    "ihaveadream",
    "iloveyousomuch",
    "illbeback",
    "inthebeginningwastheword",
    "ishallreturn",
    "itwasadarkandstormynight",
    "itwasthebestoftimes",
    "jepensedoncjesuis",
    "knockknockwhosthere",
    "letmeinplease",
    "libertéégalitéfraternité",
    "liberteegalitefraternite",
    "livelongandprosper",
    "localhost",
    "loremipsumdolorsitamet",
    "lukeiamyourfather",
    "maytheforcebewithyou",
    "maryhadalittlelamb",
    "meinpasswort",
    "monmotdepasse",
    "mysecretpassword",
    "mysupersecret",
    "nevergonnagiveyouup",
    "onceuponatime",
    "opensesame",
    "passwortpasswort",
    "motdepassemotdepasse",
    "pleaseletmein",
    "rosesareredviolets",
    "seinodernichtsein",
    "supercalifragilistic",
    "thecakeisalie",
    "thequickbrownfox",
    "thisisapassword",
    "thisismypassword",
    "thisisnotapassword",
    "tobeornottobe",
    "toinfinityandbeyond",
    "twinkletwinklelittlestar",
    "wearethechampions",
    "winteriscoming",
];

/// Whether a password is little more than the user's own name: the name, repeated or not, with at most a few characters
/// around it.
///
/// ```
/// use latchkey::domain::weak_passwords::is_own_name;
///
/// assert!(is_own_name("Ada.Lovelace-1", "ada.lovelace"));
/// assert!(!is_own_name("violet kettle under snowfall", "ada"));
/// ```
pub fn is_own_name(password: &str, username: &str) -> bool {
    let (folded, username) = (password.to_lowercase(), username.trim().to_lowercase());
    let rest = folded.replace(&username, "");
    rest.len() < folded.len() && rest.chars().count() < BESIDE
}

/// Whether a password is little more than something that everybody knows: a famous phrase, or a name of product or host
/// (`words`), repeated or not, with at most a few characters around it. Case, spaces and punctuation do not count.
///
/// ```
/// use latchkey::domain::weak_passwords::{is_mostly_known, words_of_the_site};
///
/// let words = words_of_the_site("id.example.org");
/// assert!(is_mostly_known("Correct-Horse-Battery 1", &words));
/// assert!(is_mostly_known("id.example.org 2026", &words));
/// ```
pub fn is_mostly_known(password: &str, words: &[String]) -> bool {
    let folded = folded(password);
    let words = words.iter().map(|word| self::folded(word)).filter(|word| !word.is_empty());
    let known = FAMOUS.iter().map(|phrase| (*phrase).to_owned()).chain(words);
    let rest = known.fold(folded.clone(), |rest, word| rest.replace(&word, ""));
    rest.len() < folded.len() && rest.chars().count() < BESIDE
}

/// The part of a password that is judged, bounded: one piece if it repeats a piece, whatever the separator.
///
/// ```
/// use latchkey::domain::weak_passwords::judged;
///
/// assert_eq!(judged("kettle kettle kettle"), "kettle");
/// assert_eq!(judged("violet kettle"), "violet kettle");
/// ```
pub fn judged(password: &str) -> String {
    let folded: Vec<char> = folded(password).chars().collect();
    match period(&folded) {
        Some(period) => folded.into_iter().take(period.min(LOOKED_AT)).collect(),
        None => password.chars().take(LOOKED_AT).collect(),
    }
}

/// Words that an attacker would try first for a site: the product's name, the host's name, and each part of that.
pub fn words_of_the_site(host: &str) -> Vec<String> {
    let parts = host.split('.').filter(|part| part.chars().count() > 2);
    let mut words: Vec<String> = ["latchkey", host].into_iter().chain(parts).map(str::to_owned).collect();
    words.retain(|word| !word.is_empty());
    words
}

/// The text in lower case, without spaces and punctuation.
fn folded(text: &str) -> String {
    let separates = |c: char| c.is_whitespace() || "-_.,:;!?'’+/&".contains(c);
    text.to_lowercase().chars().filter(|c| !separates(*c)).collect()
}

/// The length of the piece that a text repeats at least once. The last repetition may be incomplete.
fn period(text: &[char]) -> Option<usize> {
    // For each position, the length of the longest border that ends there (Knuth, Morris and Pratt).
    let mut borders = vec![0; text.len()];
    for place in 1..text.len() {
        let mut border = borders[place - 1];
        while border > 0 && text[place] != text[border] {
            border = borders[border - 1];
        }
        borders[place] = border + usize::from(text[place] == text[border]);
    }
    let period = text.len() - borders.last()?;
    (2 * period <= text.len()).then_some(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Vec<String> {
        words_of_the_site("id.quokkaworks.example")
    }

    #[test]
    fn the_words_of_a_site_are_its_product_its_host_and_the_parts_of_that() {
        let words = words_of_the_site("id.quokkaworks.example");
        assert_eq!(words, ["latchkey", "id.quokkaworks.example", "quokkaworks", "example"]);
        assert_eq!(words_of_the_site(""), ["latchkey"]);
    }

    #[test]
    fn famous_passwords_and_names_of_the_site_are_known_however_they_are_written() {
        for known in [
            "correct horse battery staple",
            "correcthorsebatterystaple",
            "Correct-Horse-Battery-Staple1",
            "To be, or not to be!",
            "May the force be with you",
            "latchkey latchkey",
            "Latchkey-Latchkey",
            "localhost localhost",
            "my latchkey 2026",
            "id.QuokkaWorks.example",
            "quokkaworks / latchkey",
        ] {
            assert!(is_mostly_known(known, &words()), "{known}");
        }
        for fine in
            ["violet kettle under snowfall", "a quokka works in the latchkey factory", "latchkeys and old keys", ""]
        {
            assert!(!is_mostly_known(fine, &words()), "{fine}");
        }
        assert!(!is_mostly_known("quokkaworks 1234567", &words_of_the_site("id.example.org")));
    }

    #[test]
    fn the_famous_are_written_as_they_are_looked_for() {
        assert!(FAMOUS.iter().all(|phrase| folded(phrase) == *phrase && phrase.chars().count() >= BESIDE));
    }

    #[test]
    fn of_a_repetition_one_piece_is_judged() {
        for (password, piece) in [
            ("iloveyou iloveyou", "iloveyou"),
            ("iloveyouiloveyouilove", "iloveyou"),
            ("I love you, I love you!", "iloveyou"),
            ("aaaaaaaaaaaaaaa", "a"),
            ("ab-ab-ab-ab-ab", "ab"),
            ("violet kettle, violet", "violet kettle, violet"),
            ("Violet Kettle", "Violet Kettle"),
            ("", ""),
        ] {
            assert_eq!(judged(password), piece, "{password}");
        }
        assert_eq!(judged(&"é1".repeat(500)), "é1");
        let long: String = (0..200).map(|n| char::from(b'!' + (n % 93))).collect();
        assert_eq!(judged(&long).chars().count(), LOOKED_AT);
    }

    #[test]
    fn ones_own_name_is_known_whatever_its_case() {
        assert!(is_own_name("Ada Lovelace1815", "ada lovelace"));
        assert!(is_own_name("ada.lovelace1815", " Ada.Lovelace "));
        assert!(!is_own_name("ada wrote the first program", "ada"));
        assert!(!is_own_name("anything at all", ""));
    }
}
