// Package service supervises the services of a server by their classic names: which are activated, in which order they
// start, what happens when one fails, and whether the server as a whole is ready.
//
// The Manager owns one goroutine for each service. A service is a Definition with a Start function, which receives a Host:
// through it the service starts its goroutines (a panic there is contained), says what to do when it stops, and reports that it
// has failed. A port that is taken or not permitted keeps its service down, with an alarm that names the port, and is tried
// again; the other services run.
//
// The package also watches what all services share: disk, file descriptors, memory and clock (Watch).
//
// What does not live here: what a service does, and the wiring (node).
package service

// Name is the name of a service, as administrators know it.
type Name string

// The services that this version has.
const (
	DatabaseLayerMonitor Name = "Database Layer Monitor"
	CallManager          Name = "CallManager"
	TFTP                 Name = "TFTP"
	RISDataCollector     Name = "RIS Data Collector"
	CDRInsert            Name = "CDR Insert"
	Web                  Name = "Web"
)
