// Package chaos drives a cluster of real servers through faults that a seed chooses, while administrators write, lines are forwarded and
// phones call each other, and compares what everybody was told with what is true in the end.
//
// It is in four parts: Plan says which faults come when, Network cuts servers off from each other, History keeps what people were told,
// and Run puts them together. Faults are the death of a server, its standstill, and the loss of everything between servers, both ways or
// one. Steps of the clock and disks that lose what was not synced are not made here: confdb/replica tests these on the part that must
// withstand them.
package chaos
