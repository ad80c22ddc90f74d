// Package interop holds a whole server to programs that other people wrote: telephones (baresip, linphone), testers (SIPp,
// sipsak), fetchers of files (tftp-hpa, atftp, curl), a dissector (tshark), scanners (sipvicious). It consists of tests. A
// program that is missing is a failure which names the Debian package to install.
package interop
