//! `--reload`: starts anew when the binary, the configuration file or a model file changes.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fakeai_core::Clock;

use crate::config::Settings;

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Files, and when each was last changed.
pub(crate) struct Watch {
    files: Vec<(PathBuf, Option<SystemTime>)>,
}

impl Watch {
    /// Watches the files the server was made from, or none unless `server.reload` is on.
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut paths = Vec::new();
        if settings.config.server.reload {
            paths.extend(std::env::current_exe());
            paths.extend(settings.file.clone());
            paths.extend(settings.config.models.files.clone());
        }
        Self { files: paths.into_iter().map(|path| (path.clone(), changed_at(&path))).collect() }
    }

    /// Resolves when a file has changed; never if none is watched.
    pub(crate) async fn changed(&mut self, clock: &Clock) {
        if self.files.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            clock.sleep(LOOK).await;
            // A file that is gone is being replaced: wait for the new one.
            let changed = |(path, before): &(PathBuf, Option<SystemTime>)| {
                let now = changed_at(path);
                now.is_some() && now != *before
            };
            if self.files.iter().any(changed) {
                return;
            }
        }
    }
}

fn changed_at(path: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// Becomes a new process with the same arguments. Only returns when that fails.
pub(crate) fn restart() -> anyhow::Result<()> {
    let error = std::process::Command::new(std::env::current_exe()?).args(std::env::args_os().skip(1)).exec();
    Err(error.into())
}
