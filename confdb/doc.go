// Package confdb is the configuration: one write path, immutable snapshots and a feed of changes.
//
// Everything that changes the configuration is a ChangeSet given to Store.Apply (or made under the write lock by
// Store.Update): fields are checked, references, uniqueness and dependents are checked against the state after the change, the
// difference to what is there is taken, and the whole goes to the Log, which makes it durable and hands it back in
// order. Then the next Snapshot is published and the feed tells who watches. All or nothing of a ChangeSet takes effect.
//
//	change set → checks → difference → Log (raft, SQLite) → Snapshot → Watch
//
// Readers take Store.Snapshot and look objects up by name; they never wait and never touch SQL.
//
// What does not live here: storage (confdb/sqlite), the log (confdb/replica), the form of files (confdb/bulk), what
// call processing compiles from a snapshot (confdb/live).
package confdb
