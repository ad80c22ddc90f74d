package fault

// Faults of the cluster: joining, trust between servers, members, names.
const (
	JoinTokenMalformed    Code = "TDM-CLU-0001"
	JoinTokenUnknown      Code = "TDM-CLU-0002"
	JoinTokenUsed         Code = "TDM-CLU-0003"
	JoinTokenExpired      Code = "TDM-CLU-0004"
	JoinTokenVoid         Code = "TDM-CLU-0005"
	JoinPassphraseWrong   Code = "TDM-CLU-0006"
	JoinVersionDiffers    Code = "TDM-CLU-0007"
	JoinIdentityTaken     Code = "TDM-CLU-0008"
	JoinNameTaken         Code = "TDM-CLU-0009"
	JoinAddressTaken      Code = "TDM-CLU-0010"
	JoinClockDiffers      Code = "TDM-CLU-0011"
	ClockDrifts           Code = "TDM-CLU-0012"
	JoinNotPublisher      Code = "TDM-CLU-0013"
	JoinNameUnresolved    Code = "TDM-CLU-0014"
	JoinUnreachable       Code = "TDM-CLU-0015"
	JoinAuthorityForeign  Code = "TDM-CLU-0016"
	JoinAddressUnfit      Code = "TDM-CLU-0017"
	JoinAddressChosen     Code = "TDM-CLU-0018"
	NameForwardMissing    Code = "TDM-CLU-0019"
	NameReverseMissing    Code = "TDM-CLU-0020"
	NameReverseOther      Code = "TDM-CLU-0021"
	NameForwardOther      Code = "TDM-CLU-0022"
	JoinBusy              Code = "TDM-CLU-0023"
	JoinBroken            Code = "TDM-CLU-0024"
	JoinRequestInvalid    Code = "TDM-CLU-0025"
	MemberUnknown         Code = "TDM-CLU-0026"
	MemberNotRemovable    Code = "TDM-CLU-0027"
	ServerRemoved         Code = "TDM-CLU-0028"
	CertificateNotRenewed Code = "TDM-CLU-0029"
	AuthorityNotOpened    Code = "TDM-CLU-0030"
	ServerRefused         Code = "TDM-CLU-0031"
	ClusterFull           Code = "TDM-CLU-0032"
	JoinTokensTooMany     Code = "TDM-CLU-0033"
	MemberVotes           Code = "TDM-CLU-0040"
	MemberUnreachable     Code = "TDM-CLU-0041"
	PublisherUnreachable  Code = "TDM-CLU-0042"
)

var cluster = []Entry{
	{JoinTokenMalformed, SeverityError,
		"The join token was not understood.",
		"It is not complete, or a character of it is wrong.",
		"Copy it again as a whole, or make a new one at the publisher with `tandem join-token create`.", 400},
	{JoinTokenUnknown, SeverityError,
		"The join token was refused.",
		"The publisher does not know it.",
		"Make a new one at this publisher with `tandem join-token create`. Tokens end when the publisher's role moves to another server.", 403},
	{JoinTokenUsed, SeverityError,
		"The join token was refused.",
		"It was used already, and it admits one server once.",
		"Make a new one at the publisher with `tandem join-token create`. If nobody here used it, look at `tandem server list` for a server that should not be there.", 403},
	{JoinTokenExpired, SeverityError,
		"The join token was refused.",
		"It was valid until {until}.",
		"Make a new one at the publisher with `tandem join-token create`.", 403},
	{JoinTokenVoid, SeverityError,
		"The join token was refused.",
		"It was shown with a wrong pass-phrase {attempts} times and is void.",
		"Find the cluster's pass-phrase, then make a new token at the publisher with `tandem join-token create`.", 403},
	{JoinPassphraseWrong, SeverityError,
		"The server was not admitted.",
		"The pass-phrase is not that of the cluster. {left} more attempts are left with this token.",
		"Enter the pass-phrase that was given or generated when the publisher was set up. Small and capital letters and blanks count.", 403},
	{JoinVersionDiffers, SeverityError,
		"The server was not admitted.",
		"It runs version {version}; the cluster runs {wanted}.",
		"Install version {wanted} on this server and join again. The old data directory must be empty.", 409},
	{JoinIdentityTaken, SeverityError,
		"The server was not admitted.",
		"Its identity is that of {server}: the disk of one was copied to the other.",
		"Empty the data directory of the new server, so that it gets an identity of its own, and join again.", 409},
	{JoinNameTaken, SeverityError,
		"The server {name} was not admitted.",
		"{server} (node {node}) is a member under that name already.",
		"Choose another name. If this is the same server with a new disk, run `tandem server remove {server}` first, or make the token with --replace {server}.", 409},
	{JoinAddressTaken, SeverityError,
		"The server {name} was not admitted.",
		"The address {address} belongs to {server}: the same server would be there twice.",
		"Join under the name {server}, or correct the address of one of the two.", 409},
	{JoinClockDiffers, SeverityError,
		"The server was not admitted.",
		"Its clock differs from the publisher's by {offset}; {limit} are the most.",
		"Set up time synchronisation (chrony, systemd-timesyncd) on both servers, and join again.", 409},
	{ClockDrifts, SeverityWarning,
		"The clocks of {server} and the publisher differ by {offset}.",
		"Times in call records and logs of the two will not agree.",
		"Check time synchronisation (chrony, systemd-timesyncd) on both servers.", 0},
	{JoinNotPublisher, SeverityError,
		"The server was not admitted.",
		"{server} is not the publisher now; {publisher} is.",
		"Make a token at {publisher} and join there.", 409},
	{JoinNameUnresolved, SeverityError,
		"The publisher cannot be found.",
		"The name {name} has no address: {cause}.",
		"Correct the name, or the DNS or /etc/hosts of this server. An IP address can be given in its place.", 0},
	{JoinUnreachable, SeverityError,
		"The publisher does not answer.",
		"No connection to {address}: {cause}.",
		"Check that the publisher runs, that the address is right and that no firewall stands between. Nothing was changed; join again.", 0},
	{JoinAuthorityForeign, SeverityCritical,
		"The connection to {address} was cut.",
		"Whoever answers there does not have the authority that the token names: somebody is listening in, the address is that of another cluster, or a server was removed since the token was made.",
		"Check the address and the network between the servers, then make a new token. Neither the token nor the pass-phrase was told.", 0},
	{JoinAddressUnfit, SeverityError,
		"The address {address} cannot be announced.",
		"This machine has the addresses {known}.",
		"Choose one of these with --address.", 422},
	{JoinAddressChosen, SeverityNotice,
		"The server announces the address {address}.",
		"The machine has several: {known}. That one leads to the publisher.",
		"If phones and servers must use another one, start this server with `tandem serve --address IP`, or set `address` in its tandem.yaml.", 0},
	{NameForwardMissing, SeverityWarning,
		"{from} cannot find {name} by its name.",
		"The name has no address there: {cause}.",
		"Add {name} to DNS, or to /etc/hosts on {from}. Servers use addresses among themselves; what uses names will fail.", 0},
	{NameReverseMissing, SeverityWarning,
		"{from} finds no name for the address {address} of {name}.",
		"There is no reverse entry: {cause}.",
		"Add a PTR record, or an entry in /etc/hosts on {from}.", 0},
	{NameReverseOther, SeverityWarning,
		"{from} finds another name for {name}.",
		"The address {address} of {name} has the name {found}.",
		"Correct the reverse entry of {address}, or the name.", 0},
	{NameForwardOther, SeverityWarning,
		"{from} finds another address for {name}.",
		"The name leads to {found}; the server announces {address}.",
		"Correct the entry of {name} in DNS or /etc/hosts, or the announced address. After a change of address every server must see the new one.", 0},
	{JoinBusy, SeverityWarning,
		"The publisher is busy.",
		"It has as many requests to join at once as it takes.",
		"Wait a few seconds and join again.", 503},
	{JoinBroken, SeverityError,
		"Joining was broken off.",
		"{cause}.",
		"Join again with the same token: it still admits this server, and only this one.", 0},
	{JoinRequestInvalid, SeverityError,
		"The request to join was refused.",
		"{cause}.",
		"Use the same version of the program on both servers, and join again.", 400},
	{MemberUnknown, SeverityError,
		"There is no server {server} in the cluster.",
		"The members are {known}.",
		"Check the spelling.", 404},
	{MemberNotRemovable, SeverityError,
		"The server {server} was not removed.",
		"It is the publisher, and no server can remove itself.",
		"Move the publisher's role with `tandem promote` first, then remove {server}.", 409},
	{ServerRemoved, SeverityCritical,
		"This server was removed from the cluster.",
		"An administrator removed it on {when}. The others take no connection from it.",
		"To use it again, empty its data directory and join with a new token.", 0},
	{CertificateNotRenewed, SeverityError,
		"The certificate of this server was not renewed.",
		"It is valid until {until}: {cause}.",
		"Remove the cause before then. After that day the other servers take no connection from this one.", 0},
	{AuthorityNotOpened, SeverityError,
		"This server cannot make certificates.",
		"The key of the cluster's authority (generation {generation}) does not open: {cause}.",
		"Let the server reach the publisher. If the alarm stays, remove the server and join it again.", 0},
	{ServerRefused, SeverityWarning,
		"A connection from {remote} was refused.",
		"It claimed to be {server}: {cause}.",
		"If it was removed from the cluster, switch it off. Otherwise look for a copy of a server's disk.", 0},
	{ClusterFull, SeverityError,
		"The server was not admitted.",
		"All numbers of nodes have been used.",
		"Set up a new cluster and take the configuration over with `tandem export` and `tandem apply`.", 507},
	{JoinTokensTooMany, SeverityError,
		"No join token was made.",
		"There are {count} already that nobody used.",
		"Wait until some of them have expired.", 429},
	{MemberVotes, SeverityError,
		"The server {server} was not removed.",
		"It is one of the servers that may be the publisher.",
		"Name the others with `tandem server set-voters` first, then remove {server}.", 409},
	{MemberUnreachable, SeverityWarning,
		"The server {server} cannot be reached.",
		"Nothing was heard from it {since}.",
		"Its phones register with their other servers. Look whether it runs and whether the network between the servers does. If it is lost for good, replace it: `tandem server remove {server}`, then join the new one.", 0},
	{PublisherUnreachable, SeverityWarning,
		"Administration waits; calls go on.",
		"No publisher can be reached {since}{which}.",
		"Bring the publisher back. If it is lost for good, make another server the publisher with `tandem promote`.", 0},
}
