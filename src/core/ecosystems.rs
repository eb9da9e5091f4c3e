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

/// Parses a purl of an ecosystem that is known. `None` for anything else.
pub fn parse_purl(text: &str) -> Option<Purl> {
    let purl_type = text.strip_prefix("pkg:")?.split('/').next()?;
    let rules = ALL.iter().find(|rules| rules.ecosystem.purl_type() == purl_type)?;
    Purl::parse(rules.ecosystem, text)
}
