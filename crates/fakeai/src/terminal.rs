//! What commands write to and read from. Handed in, so that a test sees every word.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};

/// Standard output, error and input.
pub struct Terminal<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Progress and complaints.
    pub err: &'a mut dyn Write,
    /// What the user says.
    pub input: &'a mut dyn BufRead,
    /// Whether results are read by a person.
    pub out_is_terminal: bool,
    /// Whether progress is read by a person.
    pub err_is_terminal: bool,
    /// Whether a person types the input.
    pub input_is_terminal: bool,
}

impl Terminal<'_> {
    /// Runs `with` on the process's own streams.
    pub fn with_process<T>(with: impl FnOnce(&mut Terminal<'_>) -> T) -> T {
        let (mut out, mut err, input) = (io::stdout(), io::stderr(), io::stdin());
        let (out_is_terminal, err_is_terminal) = (out.is_terminal(), err.is_terminal());
        let input_is_terminal = input.is_terminal();
        let mut input = BufReader::new(input);
        let (out, err) = (&mut out, &mut err);
        with(&mut Terminal { out, err, input: &mut input, out_is_terminal, err_is_terminal, input_is_terminal })
    }
}
