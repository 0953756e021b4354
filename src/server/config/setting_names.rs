//! The names of settings: which there are, and which one a misspelt name most likely means.

use super::Settings;

/// How alike a name must be to be suggested: 1 is the same.
const ALIKE: f64 = 0.7;

/// The names of all settings, `section.key`.
pub(super) struct SettingNames(Vec<String>);

impl SettingNames {
    /// All settings that there are.
    pub(super) fn all() -> Self {
        let sections = Settings::default().described();
        Self(sections.into_iter().flat_map(|section| section.settings).map(|setting| setting.key).collect())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|known| known == key)
    }

    pub(super) fn has_section(&self, section: &str) -> bool {
        self.sections().any(|known| known == section)
    }

    fn sections(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|known| known.split_once('.')).map(|(section, _)| section)
    }

    /// The section that `name`, which is none, most likely means.
    pub(super) fn nearest_section(&self, name: &str) -> Option<&str> {
        most_alike(self.sections(), name)
    }

    /// The setting that `key`, which is none, most likely means: the same name in another section, or one that is
    /// spelt alike. Words may be separated by `.` or `_`.
    pub(super) fn nearest(&self, key: &str) -> Option<&str> {
        let name = |key: &str| key.split_once('.').map_or(key, |(_, name)| name).to_owned();
        let elsewhere = self.0.iter().find(|known| name(known) == name(key));
        elsewhere.map(String::as_str).or_else(|| most_alike(self.0.iter().map(String::as_str), key))
    }
}

/// The one of `known` that is spelt most like `name`, if any is.
fn most_alike<'a>(known: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let plain = |name: &str| name.replace(['.', '-'], "_").to_lowercase();
    let alike = known.map(|known| (strsim::normalized_damerau_levenshtein(&plain(known), &plain(name)), known));
    let nearest = alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.map(|(_, known)| known)
}

/// The environment variable of a setting.
pub(super) fn variable(key: &str) -> String {
    format!("LATCHKEY_{}", key.replace('.', "__").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_leads_to_the_setting_that_is_meant() {
        let keys = SettingNames::all();
        for (typed, meant) in [
            ("tokens.access_tll", Some("tokens.access_ttl")),
            ("tokens.graze", Some("tokens.grace")),
            ("token.grace", Some("tokens.grace")),
            ("grace", Some("tokens.grace")),
            ("server.grace", Some("tokens.grace")),
            ("server_listen", Some("server.listen")),
            ("server.public-url", Some("server.public_url")),
            ("database.ulr", Some("database.url")),
            ("port", None),
            ("server.colour", None),
            ("", None),
        ] {
            assert_eq!(keys.nearest(typed), meant, "{typed}");
        }
        assert_eq!(variable("server.public_url"), "LATCHKEY_SERVER__PUBLIC_URL");
    }
}
