//! Reports, as text for people and as JSON for programs.

mod human;
mod json;
#[cfg(test)]
mod tests;

pub use self::{
    human::{Human, ago, count, day, size},
    json::to_json,
};
