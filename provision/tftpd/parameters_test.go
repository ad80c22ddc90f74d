package tftpd

import (
	"testing"
	"time"

	"tandem/telephony"
	"tandem/telephony/parameter"
)

func TestFromParameters(t *testing.T) {
	c := FromParameters(parameter.NewValues("cm1", []*telephony.ServiceParameter{
		{Service: "TFTP", Name: "TFTPMaximumServingCount", Value: "300"}, {Service: "TFTP", Name: "TFTPMaximumBlockSize", Value: "8192"},
		{Service: "TFTP", Name: "TFTPMaximumWindowSize", Value: "8"}, {Service: "TFTP", Name: "TFTPRetransmitTimeout", Value: "500"},
		{Service: "TFTP", Name: "TFTPMaximumRetransmits", Value: "3"},
	}, nil))
	if c.MaximumTransfers != 300 || c.Limits.MaxBlockSize != 8192 || c.Limits.MaxWindow != 8 || c.Patience.First != 500*time.Millisecond || c.Patience.Repeats != 3 {
		t.Errorf("%+v", c)
	}
}
