// Package node builds one server out of the packages that decide, speak protocols, store and serve. It wires and decides
// nothing: every adapter and service of the product is named here in plain lists, and taking one out means deleting its
// line.
package node
