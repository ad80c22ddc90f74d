// Package lab sets up throw-away servers for demonstrations, tests and measurements: a data directory of its own, ports that
// the system chooses on the loopback address, a site file applied as an administrator would apply it. The server runs in
// this process or, to be measured, starved or killed, in a child of it.
//
// Test phones are package phone's; programs of others are sim/peer's. What is done with server and phones is decided
// elsewhere.
package lab
