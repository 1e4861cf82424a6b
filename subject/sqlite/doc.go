// Package sqlite keeps subject state in one SQLite file: the embedded store of a
// single host.
//
// Several processes may have the file open, as during an upgrade: SQLite orders
// their writes, each holds a shared lock on <path>.lock for as long as it has the
// store open, and creation needs the lock alone. The file is in WAL mode, and
// every commit is synchronised before it is acknowledged (synchronous=FULL).
package sqlite
