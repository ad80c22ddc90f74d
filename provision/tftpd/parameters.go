package tftpd

import (
	"tandem/telephony/parameter"
	"tandem/wire/tftp"
)

// FromParameters is the Config that the parameters of the service TFTP ask for.
func FromParameters(values *parameter.Values) Config {
	first := values.Duration(parameter.TFTPRetransmitTimeout)
	return Config{
		MaximumTransfers: values.Int(parameter.TFTPMaximumServingCount),
		Limits: tftp.Limits{
			MaxBlockSize: values.Int(parameter.TFTPMaximumBlockSize),
			MaxWindow:    values.Int(parameter.TFTPMaximumWindowSize),
		},
		Patience: tftp.Patience{First: first, Longest: 4 * first, Repeats: values.Int(parameter.TFTPMaximumRetransmits)},
	}
}
