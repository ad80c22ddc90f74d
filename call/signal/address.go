package signal

import (
	"fmt"
	"strconv"
	"strings"
)

// NodeID numbers a server of the cluster, 1 to 65535. A stand-alone server is 1.
type NodeID uint16

// HalfCallID names a half-call in the whole cluster: the owning server in the top 16 bits, below it a number that
// the server never uses twice while it runs. Zero names none.
type HalfCallID uint64

// NewHalfCallID combines a server and its counter. Only the low 48 bits of n count.
func NewHalfCallID(node NodeID, n uint64) HalfCallID {
	return HalfCallID(uint64(node)<<48 | n&(1<<48-1))
}

// Node returns the server that owns the half-call.
func (id HalfCallID) Node() NodeID { return NodeID(id >> 48) }

// String writes the identifier as node and number, for example "1/42".
func (id HalfCallID) String() string {
	return strconv.Itoa(int(id.Node())) + "/" + strconv.FormatUint(uint64(id)&(1<<48-1), 10)
}

// CallID names a call: the two half-calls of one conversation share it. It is the globalCallID of call records:
// the number of the server that began the call and a number that starts at the next full thousand after a restart.
type CallID struct {
	Manager NodeID
	Call    uint32
}

// IsZero says that no call is meant.
func (c CallID) IsZero() bool { return c == CallID{} }

// String writes the call as manager and number, for example "1/1001".
func (c CallID) String() string { return fmt.Sprintf("%d/%d", c.Manager, c.Call) }

// ParseCallID reads what String writes.
func ParseCallID(s string) (CallID, error) {
	manager, number, ok := strings.Cut(s, "/")
	if !ok {
		return CallID{}, fmt.Errorf("call %q is not of the form MANAGER/NUMBER", s)
	}
	m, err := strconv.ParseUint(manager, 10, 16)
	if err != nil {
		return CallID{}, fmt.Errorf("call %q: manager: %w", s, err)
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return CallID{}, fmt.Errorf("call %q: number: %w", s, err)
	}
	return CallID{NodeID(m), uint32(n)}, nil
}

// LineRef names a line: a directory number in a partition.
type LineRef struct {
	Number    string
	Partition string
}

// IsZero says that no line is meant.
func (l LineRef) IsZero() bool { return l == LineRef{} }

// String writes the line as number and partition.
func (l LineRef) String() string {
	if l.Partition == "" {
		return l.Number
	}
	return l.Number + " in " + l.Partition
}

// Address is where a signal goes: to a half-call or to the owner of a line. Which server owns a line is known to
// whoever delivers; a call that is offered stays with the owner that offered it, on Node, even when the line moves on.
type Address struct {
	Half HalfCallID
	Line LineRef
	Node NodeID // of a line: the server that is meant; 0: whichever owns the line now
}

// ToHalf addresses a half-call.
func ToHalf(id HalfCallID) Address { return Address{Half: id} }

// ToLine addresses the owner of a line.
func ToLine(l LineRef) Address { return Address{Line: l} }

// Server is the server that is addressed, 0 where whoever delivers is to find the owner of the line.
func (a Address) Server() NodeID {
	if a.Half != 0 {
		return a.Half.Node()
	}
	return a.Node
}

// IsZero says that nobody is addressed.
func (a Address) IsZero() bool { return a == Address{} }

// String names the receiver for traces.
func (a Address) String() string {
	if a.Half != 0 {
		return "half-call " + a.Half.String()
	}
	if !a.Line.IsZero() {
		return "line " + a.Line.String()
	}
	return "nobody"
}
