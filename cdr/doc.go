// Package cdr turns what call processing reports about calls into call records that last: a journal in which every
// answered call is opened, so that a crash loses none, and flat files in the two layouts that billing systems read.
//
// # What is durable when
//
// Collector.Fact never waits. It puts the fact into a bounded queue; one goroutine writes what has gathered for at most
// 20 ms (or 256 entries) to the journal and syncs it once. A record is on disk, complete and self-describing, within
// that interval plus the time of the sync; what happened in the last interval before a crash may be lost: an answered
// call then has no record, and of an ended one the end is the last sign of life. Collector.Sync waits for everything
// handed over before. Records that cannot be written (disk full) stay in memory up to a limit, with an alarm, and are
// written when it is possible again; beyond the limit they are counted as lost, with an alarm of their own (R-43, T-20).
//
// # Files
//
//	journal/journal-0000000042             what happens now: a line per entry, each with its checksum
//	cdr_Main_01_202601020304_42.part       the flat file of the running interval
//	cdr_Main_01_202601020304_42            complete: it is synced before it gets this name and never changed again
//	cmr_Main_01_202601020304_42            the same for quality records
//	BAD/                                   what could not be understood, put aside with an alarm
//
// Each journal file belongs to one pair of flat files. At the end of an interval the calls that are still up are copied
// into the next journal file, the flat files are completed, and the journal file is removed: in this order, so that after
// a crash at any point each record is in exactly one complete flat file. Flat files that were not completed are built
// again from the journal.
//
// # Several servers
//
// Complete flat files are what travels: they never change, their names are unique in the cluster, and they stay until the
// retention ends. So the directory is the spool. A Shipper delivers them in order and remembers one number per kind; a
// publisher with another store is shown the list of all of them and names what it lacks. The Receiver inserts records by
// their identifier, a batch in one transaction, so that neither a repeated delivery nor a crash on either side doubles or
// loses one, and writes files of its own in which each record stands once:
//
//	collected/cdr_Main_02_202601020304_7                  what a server delivered
//	collected/cdr_Main_02_202601020304_1000000000007      made from facts, because a server was removed
//	collected/cdr_Main_02_202601020304_3000000000007      out of quarantine
//
// One server keeps the record of a call between two. What the other one witnessed it keeps as Facts, delivers like records,
// and the publisher needs them only if the first is removed before it delivered.
//
// What does not live here: deciding what goes into a record (call), the connection between servers, who is the publisher.
package cdr
