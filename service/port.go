package service

import (
	"errors"
	"net"
	"strings"
	"syscall"

	"tandem/fault"
)

// PortFault turns the error of a failed listen into the fault that names the port and what to do. network and address are
// those given to package net ("udp4", "0.0.0.0:69"). Errors of another kind, and nil, are returned as they are.
func PortFault(err error, name Name, network, address string) error {
	var code fault.Code
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		code = fault.PortTaken
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		code = fault.PortNotPermitted
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		code = fault.AddressNotHere
	default:
		return err
	}
	host, port, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		host, port = address, "?"
	}
	if host == "" {
		host = "all addresses"
	}
	transport := strings.TrimRight(network, "46")
	switch code {
	case fault.PortTaken:
		return fault.Wrap(err, fault.PortTaken, "service", string(name), "port", port+"/"+transport, "address", host)
	case fault.PortNotPermitted:
		return fault.Wrap(err, fault.PortNotPermitted, "service", string(name), "port", port+"/"+transport, "address", host)
	default:
		return fault.Wrap(err, fault.AddressNotHere, "service", string(name), "port", port+"/"+transport, "address", host)
	}
}
