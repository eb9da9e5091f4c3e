//! The ecosystems that sealift knows. A new one is a folder beside [`npm`], and a line here.

use crate::core::{
    npm,
    package::{Purl, ecosystem::Ecosystem},
    rules::Rules,
};

/// All of them.
static ALL: &[&Rules] = &[
    &npm::RULES,
    #[cfg(test)]
    &crate::core::toy::RULES,
];

/// The rules of an ecosystem.
pub fn rules(ecosystem: Ecosystem) -> &'static Rules {
    let own = ALL.iter().find(|rules| rules.ecosystem == ecosystem);
    // Only core makes ecosystems. A test of the lockfile formats requires that each is in the list.
    own.copied().unwrap_or(&npm::RULES)
}

/// All ecosystems.
pub fn all() -> impl Iterator<Item = Ecosystem> {
    ALL.iter().map(|rules| rules.ecosystem)
}

/// The ecosystem of that name, which is the type of its purls.
pub fn named(name: &str) -> Option<Ecosystem> {
    all().find(|ecosystem| ecosystem.purl_type() == name)
}

/// Parses a purl of an ecosystem that is known. `None` for anything else.
pub fn parse_purl(text: &str) -> Option<Purl> {
    let purl_type = text.strip_prefix("pkg:")?.split('/').next()?;
    Purl::parse(named(purl_type)?, text)
}
