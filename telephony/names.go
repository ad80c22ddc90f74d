package telephony

import (
	"strings"
)

// Typed names. Each is the key of one noun or, for Number and Pattern, a string of dialled digits.
type (
	// ServerName names one server of the cluster ("cm1"). Letters, digits, '-' and '.'.
	ServerName string
	// GroupName names a CallManagerGroup.
	GroupName string
	// RegionName names a Region.
	RegionName string
	// LocationName names a Location.
	LocationName string
	// SRSTReferenceName names an SRSTReference.
	SRSTReferenceName string
	// DateTimeGroupName names a DateTimeGroup.
	DateTimeGroupName string
	// DevicePoolName names a DevicePool.
	DevicePoolName string
	// PartitionName names a Partition; "" is the null partition, which everybody can reach.
	PartitionName string
	// CallingSearchSpaceName names a CallingSearchSpace; "" reaches the null partition only.
	CallingSearchSpaceName string
	// DeviceName names whatever registers or is configured as a device ("SEP0000AAAA2003").
	DeviceName string
	// ProductName names a Product ("Cisco 7960").
	ProductName string
	// ButtonTemplateName names a ButtonTemplate.
	ButtonTemplateName string
	// SoftkeyTemplateName names a SoftkeyTemplate.
	SoftkeyTemplateName string
	// UserID is a user's log-in name.
	UserID string
	// ServiceName names a service by its classic name ("CallManager", "TFTP").
	ServiceName string
	// LoadName is the exact name of a firmware load, without extension ("P00308010200").
	LoadName string
	// LocaleName names a user or network locale ("English_United_States").
	LocaleName string
	// Number is a string of digits as dialled: 0-9, *, #, A-D and a leading +.
	Number string
	// Pattern is a dial pattern (callmanager-4x.md A.4); dialplan gives it its meaning.
	Pattern string
)

// LineKey identifies a directory number: the same digits may exist once in each partition.
type LineKey struct {
	Pattern   Pattern
	Partition PartitionName
}

// String gives the key as the command line and the API write it, "2001/internal"; a number in the
// null partition is "2001" alone. No pattern contains a slash, so the form is unambiguous.
func (k LineKey) String() string {
	if k.Partition == "" {
		return string(k.Pattern)
	}
	return string(k.Pattern) + "/" + string(k.Partition)
}

// ParseLineKey reads the form that LineKey.String writes.
func ParseLineKey(s string) LineKey {
	pattern, partition, _ := strings.Cut(s, "/")
	return LineKey{Pattern(pattern), PartitionName(partition)}
}

// MaximumDeviceNameLength is the longest device name: SCCP carries 15 characters and a NUL
// (sccp.md 2.2, Register), but SIP devices may use more; the SCCP bound is checked per protocol.
const MaximumDeviceNameLength = 64

// MaximumSCCPDeviceNameLength is the longest name that the Register message can carry.
const MaximumSCCPDeviceNameLength = 15

// Valid reports whether the name can be a device name: 1 to 64 letters, digits, '.', '_' and '-',
// beginning with a letter or a digit. Such a name is safe in file names and in messages.
func (n DeviceName) Valid() bool {
	if n == "" || len(n) > MaximumDeviceNameLength {
		return false
	}
	for i := 0; i < len(n); i++ {
		c := n[i]
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// MAC returns the twelve upper-case hexadecimal digits of a name such as SEP0000AAAA2003, and
// whether the name has that form. The prefix may be any three letters (SEP, SIP, ATA…).
func (n DeviceName) MAC() (string, bool) {
	if len(n) != 15 {
		return "", false
	}
	for i := 0; i < 3; i++ {
		if c := n[i] | 0x20; c < 'a' || c > 'z' {
			return "", false
		}
	}
	mac := strings.ToUpper(string(n[3:]))
	for i := 0; i < len(mac); i++ {
		if c := mac[i]; (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return "", false
		}
	}
	return mac, true
}

// Valid reports whether the number holds only what can be dialled, 1 to 48 characters.
func (n Number) Valid() bool {
	if n == "" || len(n) > 48 {
		return false
	}
	for i := 0; i < len(n); i++ {
		c := n[i]
		switch {
		case c >= '0' && c <= '9', c == '*', c == '#', c >= 'A' && c <= 'D':
		case c == '+' && i == 0:
		default:
			return false
		}
	}
	return true
}
