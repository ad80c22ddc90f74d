// Package ca is the certificate authority of a cluster: it makes and renews the certificates with which servers prove to each
// other who they are, keeps the authority's key wrapped, and says which certificates are trusted.
//
// An authority has generations. Removing a server begins a new one, with a new key and a new wrapping key; the one before is
// retired: of its certificates only those that are on record are trusted, until every server has one of the new generation.
//
// What a server keeps besides its own keys is the Keyring: a key derived from the cluster's pass-phrase and one cluster secret for
// each generation. The two together give the wrapping key of that generation. A removed server has old ones only.
//
// Where authorities are stored (confdb), who is a member (cluster) and connections (cluster/link) do not live here. Nor do the
// certificates of web pages and phones.
package ca
