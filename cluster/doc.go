// Package cluster says who belongs to the cluster: its members, how a server joins and is removed, and how certificates and their
// authority are kept up.
//
// A server joins in one connection that the join token authenticates: the token holds the hash of the cluster's authority, so that the
// joining side knows whom it talks to before it says anything, and then shows that it has the token and the pass-phrase by proofs that
// are bound to the connection. A token admits one server: the first that shows it, which may try again when something breaks.
//
// Connections between members are cluster/link's, certificates security/ca's, the copy of the configuration confdb/replica's. Which
// files a joining server gets and what starts afterwards is up to node.
package cluster
