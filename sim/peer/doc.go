// Package peer drives SIP phones that other people wrote, so that the server is held to programs which do not share its
// authors' misunderstandings: baresip through its control socket, linphone through its console. Each runs as a child
// process with a directory of its own, says a WAV file and records what it hears, which is then searched for tones.
//
// Our own test phones live in package phone; starting a server is sim/lab's.
package peer
