//! The worst of what a use case found that looks at several things.

use super::report::Verdict;

/// The worst of what was found, in the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worst {
    /// Nothing is wrong.
    Nothing,
    /// Something could not be checked.
    Unchecked,
    /// Something was examined and refused. That says more than what could not be checked.
    Refused,
}

impl Worst {
    /// Of an error.
    pub(super) fn of_error(is_refusal: bool) -> Self {
        if is_refusal { Self::Refused } else { Self::Unchecked }
    }
}

impl From<Verdict> for Worst {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified | Verdict::Stale => Self::Nothing,
            Verdict::Refused => Self::Refused,
        }
    }
}
