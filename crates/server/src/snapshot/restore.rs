//! A snapshot in the place of what is kept.

use fakeai_core::Seed;
use fakeai_store::{Action, Change, Expected, Home, StoreError};
use fakeai_telemetry::Dates;

use super::{Kept, Snapshot, capture};
use crate::app::App;

/// Puts a snapshot in the place of everything that is kept. If that fails, what was there is put back.
pub(crate) async fn restore(app: &App, snapshot: Snapshot) -> Result<(), StoreError> {
    let before = capture(app).await?;
    let Snapshot { spaces, workspaces, metrics } = snapshot;
    if let Err(error) = put_all(app, spaces).await {
        if let Err(second) = put_all(app, before.spaces).await {
            tracing::error!(error = %second, "what was there before a snapshot could not be put back");
        }
        return Err(error);
    }
    for name in app.workspaces.names() {
        if let Some(workspace) = app.workspaces.find(&name) {
            workspace.reset(workspace.seed());
        }
    }
    for (name, seed) in workspaces {
        match app.workspaces.get(&name, app.kit.clock.now()) {
            Ok(workspace) => workspace.reset(Seed::new(seed)),
            // What it keeps is there; only its seed is not.
            Err(problem) => tracing::warn!(workspace = name, ?problem, "a workspace of a snapshot can't be made"),
        }
    }
    if let Some(metrics) = metrics {
        app.ledger.clear();
        app.ledger.restore(metrics.into_archive(Dates::of(&app.kit.clock)));
    }
    Ok(())
}

async fn put_all(app: &App, spaces: std::collections::BTreeMap<String, Kept>) -> Result<(), StoreError> {
    let home = &app.kit.home;
    for space in home.spaces().await? {
        home.clear(&space).await?;
    }
    let now_ms = app.kit.clock.unix_nanos().div_euclid(1_000_000);
    for (space, kept) in spaces {
        put(&**home, &space, kept, now_ms).await?;
    }
    Ok(())
}

async fn put(home: &dyn Home, space: &str, kept: Kept, now_ms: i64) -> Result<(), StoreError> {
    let Kept { documents, blobs, counters } = kept;
    // Before the documents that they belong to.
    for (id, pieces) in blobs {
        let mut writer = home.create(space, &id);
        for piece in pieces {
            writer.write(piece).await?;
        }
        writer.finish().await?;
    }
    let change = |(kind, id, document): (String, String, fakeai_store::Document)| {
        let fakeai_store::Document { body, version: _, expires_at_ms, retention } = document;
        Change {
            kind: kind.into(),
            id,
            expected: Expected::Any,
            action: Action::Put { body, expires_at_ms, retention },
        }
    };
    home.apply(space, documents.into_iter().map(change).collect(), now_ms).await?;
    for (name, value) in counters {
        home.add(space, &name, value).await?;
    }
    Ok(())
}
