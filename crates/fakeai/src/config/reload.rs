//! Noticing that a configuration file or a model file has changed.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fakeai_core::Clock;

use super::problem::Problems;
use super::settings::Settings;
use crate::files;

/// Often enough for someone who saves a file and looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Settings {
    /// Waits until the configuration file or a model file changes. Without such files it waits for ever.
    pub async fn changed(&self, clock: &Clock) {
        let before = self.modified();
        while self.modified() == before {
            clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Reads all layers again.
    pub fn reload(&self) -> Result<Self, Problems> {
        Self::load(&self.inputs)
    }

    /// When each watched file was last written; `None` for one that is away.
    fn modified(&self) -> Vec<Option<SystemTime>> {
        let models = self.config.models.files.iter().map(|file| self.inputs.directory.join(file));
        let files: Vec<PathBuf> = self.file.iter().cloned().chain(models).collect();
        files.iter().map(|file| files::modified(file)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use crate::config::Inputs;

    #[test]
    fn a_change_is_noticed_and_read() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str, seconds: u64| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        write("fakeai.toml", "port = 1\nmodels_files = [\"models.toml\"]", 10);
        write("models.toml", "", 10);
        let settings = Settings::load(&Inputs { directory: directory.path().to_owned(), ..Inputs::default() }).unwrap();
        let clock = Clock::manual(0);
        for (name, text) in [("models.toml", ""), ("fakeai.toml", "port = 2")] {
            let mut changed = pin!(settings.changed(&clock));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..3 {
                assert!(changed.as_mut().poll(&mut context).is_pending());
                clock.advance(LOOK_EVERY);
            }
            write(name, text, 20 + clock.now().as_nanos() / 1_000_000_000);
            assert!(changed.as_mut().poll(&mut context).is_ready(), "{name}");
        }
        assert_eq!(settings.reload().unwrap().config.server.port, 2);
    }
}
