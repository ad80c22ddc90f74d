// Package live is the configuration as call processing sees it: it follows the change feed, compiles what has to be fast
// (the dial plan, the limits of calls) and resolves the rest from the snapshot when it is asked. Every view is immutable;
// a change makes the next one and swaps it in, so that a look-up never waits and never sees half a change.
package live
