//! promtool, which says whether Prometheus can read what we write.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use super::folder;
use crate::steps::{run, works};

/// promtool in the `PATH`, or out of Debian's package, unpacked beside the tests: installing it would start a server.
pub(crate) fn set_up() -> Result<()> {
    let unpacked = folder("python").join(".tools");
    let here = unpacked.join("usr/bin/promtool");
    if works(Command::new("promtool").arg("--version")) || works(Command::new(&here).arg("--version")) {
        println!("  nothing to do");
        return Ok(());
    }
    if !works(Command::new("apt-get").arg("--version")) {
        bail!("promtool is not here; Prometheus' own releases have it, put it into the PATH");
    }
    fs::create_dir_all(&unpacked)?;
    let download = || {
        let mut download = Command::new("apt-get");
        download.args(["download", "prometheus"]).current_dir(&unpacked);
        download
    };
    // Where no package lists are, they come first; that needs root.
    if !works(&mut download()) {
        run(Command::new("apt-get").arg("update"))?;
        run(&mut download())?;
    }
    for entry in fs::read_dir(&unpacked)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg-deb").arg("--extract").arg(&path).arg(&unpacked))?;
            fs::remove_file(&path)?;
        }
    }
    if !works(Command::new(&here).arg("--version")) {
        bail!("Debian's package prometheus is unpacked in {}, but it has no promtool that works", unpacked.display());
    }
    Ok(())
}
