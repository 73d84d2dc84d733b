//! The bar that shows how far a simulation is.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::terminal::Terminal;

/// Often enough to look alive.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// Does `work` on a thread of its own, and draws what `line` says until it is done, if anybody sees it.
pub(super) fn watch<T: Send>(
    terminal: &mut Terminal<'_>,
    line: impl Fn() -> (f64, String),
    work: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    if !terminal.err_is_terminal {
        return Ok(work());
    }
    std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        scope.spawn(move || done.send(work()));
        loop {
            match is_done.recv_timeout(REDRAW_EVERY) {
                Ok(result) => {
                    write!(terminal.err, "\r\x1b[K")?;
                    terminal.err.flush()?;
                    return Ok(result);
                }
                Err(RecvTimeoutError::Timeout) => {
                    write!(terminal.err, "\r\x1b[K{}", bar(&line()))?;
                    terminal.err.flush()?;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the simulation ended without a result"));
                }
            }
        }
    })
}

fn bar((share, words): &(f64, String)) -> String {
    const WIDTH: usize = 30;
    let filled = (share.clamp(0.0, 1.0) * WIDTH as f64) as usize;
    let (full, empty) = ("#".repeat(filled), ".".repeat(WIDTH - filled));
    format!("[{full}{empty}] {:3.0} %  {words}", share.min(1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills() {
        assert_eq!(bar(&(0.5, "2 of 4".to_owned())), "[###############...............]  50 %  2 of 4");
    }
}
