// Package admin is every operation of an administrator, once: it checks who asks, does it, and notes that it was done. The
// API (admin/rest), the command line through it, and the pages call these operations and nothing below them.
//
// The words of requests and answers are in admin/client. What does not live here: how requests come in, how answers look.
package admin
