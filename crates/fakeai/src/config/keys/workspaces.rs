//! Section `workspaces`.

use crate::config::section::section;

section! {
    /// Worlds of their own that tests and tenants may have.
    workspaces: Workspaces {
        /// Most workspaces at a time.
        max: usize = 1000, Key::integer(1, 1_000_000).flat("max_workspaces").flag("max-workspaces");
        /// Seconds without a request after which a workspace is dropped.
        idle_seconds: f64 = 3600.0,
            Key::number(1.0, 31_536_000.0).flat("workspace_idle_seconds").flag("workspace-idle").value("SECONDS");
    }
}
