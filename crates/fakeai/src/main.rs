//! The command line of `fakeai`.

use std::process::ExitCode;

use fakeai::Terminal;
use fakeai::commands::{World, run};
use fakeai::launch::serve;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let code = Terminal::with_process(|terminal| run(std::env::args_os(), &mut World::of_process(terminal), serve));
    ExitCode::from(code)
}
