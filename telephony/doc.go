// Package telephony holds the nouns of Tandem: what an administrator names, sees and changes, in
// the administrator's words and exactly in the form of the site file.
//
// A file holds one noun. The struct tags describe every field once: yaml and json name it in the
// site file and in the API, doc explains it, minimum, maximum, maxLength and enum bound it, ref
// names the kind that it refers to, secret says how it is kept. confdb checks, stores and compares
// by these tags, the API documents itself from them.
//
// What lives here is data with small, pure rules on it. Parsing of dial patterns belongs to
// dialplan, checking and storing to confdb, files to confdb/bulk.
package telephony
