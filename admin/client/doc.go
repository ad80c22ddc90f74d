// Package client is the Go client of the JSON API, and the home of the API's words: what requests and answers hold is
// declared here once, filled in by admin, sent by admin/rest and read by whoever uses the client, such as the command line.
//
// A client made by Local speaks over the socket in a server's data directory and needs no log-in; one made by Remote speaks
// HTTPS and shows a token. Refusals come back as the *fault.Error that the server meant, or as *Refused if there are several.
//
// What does not live here: how anything is printed (cmd/tandem), and what any of it does (admin).
package client
