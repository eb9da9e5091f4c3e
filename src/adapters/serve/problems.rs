//! What is found changed while a server runs.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use tokio::sync::mpsc::UnboundedSender;

use super::ChangedArchive;

/// Tells of changes, each once: a client asks again and again.
#[derive(Clone)]
pub(super) struct Problems {
    told: Arc<Mutex<HashSet<String>>>,
    listener: UnboundedSender<ChangedArchive>,
}

impl Problems {
    pub fn new(listener: UnboundedSender<ChangedArchive>) -> Self {
        Self { told: Arc::default(), listener }
    }

    pub fn tell(&self, changed: ChangedArchive) {
        let is_new = self.told.lock().is_ok_and(|mut told| told.insert(changed.to_string()));
        if is_new {
            // Nobody listens any more where the server ends.
            let _ = self.listener.send(changed);
        }
    }
}
