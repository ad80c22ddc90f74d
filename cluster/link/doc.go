// Package link connects the servers of a cluster: mutual TLS 1.3 on the ports of replication, signals and files, with certificates and
// authorities that change while it runs.
//
// Every connection knows whose it is: the identity is read from the verified certificate. When trust changes (Update, Deny), open
// connections are looked at again, and those of servers that are not trusted any more are cut.
//
// Which server is a member (cluster), what is said on a connection and when to dial again belong to the users of the link.
package link
