package parameter

import "tandem/telephony"

// The services that have parameters.
const (
	callManager telephony.ServiceName = "CallManager"
	tftp        telephony.ServiceName = "TFTP"
	media       telephony.ServiceName = "IP Voice Media Streaming"
	cdrInsert   telephony.ServiceName = "CDR Insert"
	mobility    telephony.ServiceName = "Extension Mobility"
)

// Enterprise parameters.
const (
	ClusterID             Name = "ClusterID"
	UserSearchLimit       Name = "UserSearchLimit"
	CDRFormat             Name = "CDRFormat"
	CDRFileInterval       Name = "CDRFileInterval"
	CDRLayout             Name = "CDRLayout"
	URLAuthentication     Name = "URLAuthentication"
	URLDirectories        Name = "URLDirectories"
	URLIdle               Name = "URLIdle"
	URLIdleTime           Name = "URLIdleTime"
	URLInformation        Name = "URLInformation"
	URLMessages           Name = "URLMessages"
	URLProxyServer        Name = "URLProxyServer"
	URLServices           Name = "URLServices"
	DSCPForSignalling     Name = "DSCPForSignalling"
	DSCPForConfiguration  Name = "DSCPForConfiguration"
	DSCPForAudio          Name = "DSCPForAudio"
	DefaultUserLocale     Name = "DefaultUserLocale"
	DefaultNetworkLocale  Name = "DefaultNetworkLocale"
	ClusterSecurityMode   Name = "ClusterSecurityMode"
	CAPFPort              Name = "CAPFPort"
	AutoDeviceProfileSync Name = "AutoDeviceProfileSync"
)

// Parameters of the service CallManager.
const (
	T301Timer                       Name = "T301Timer"
	T302Timer                       Name = "T302Timer"
	T303Timer                       Name = "T303Timer"
	T304Timer                       Name = "T304Timer"
	T305Timer                       Name = "T305Timer"
	T308Timer                       Name = "T308Timer"
	T309Timer                       Name = "T309Timer"
	T310Timer                       Name = "T310Timer"
	T313Timer                       Name = "T313Timer"
	T316Timer                       Name = "T316Timer"
	T321Timer                       Name = "T321Timer"
	T322Timer                       Name = "T322Timer"
	OffHookToFirstDigitTimer        Name = "OffHookToFirstDigitTimer"
	StationKeepAliveInterval        Name = "StationKeepAliveInterval"
	StationBackupKeepAliveInterval  Name = "StationBackupKeepAliveInterval"
	StationMaximumVersion           Name = "StationMaximumVersion"
	ForwardNoAnswerTimer            Name = "ForwardNoAnswerTimer"
	ForwardMaximumHopCount          Name = "ForwardMaximumHopCount"
	CallParkDisplayTimer            Name = "CallParkDisplayTimer"
	CallParkReversionTimer          Name = "CallParkReversionTimer"
	CdrEnabled                      Name = "CdrEnabled"
	CdrLogCallsWithZeroDuration     Name = "CdrLogCallsWithZeroDuration"
	CallDiagnosticsEnabled          Name = "CallDiagnosticsEnabled"
	MaximumAdHocConference          Name = "MaximumAdHocConference"
	MaximumMeetMeConferenceUnicast  Name = "MaximumMeetMeConferenceUnicast"
	CallPickupLocatingTimer         Name = "CallPickupLocatingTimer"
	CallPickupNoAnswerTimer         Name = "CallPickupNoAnswerTimer"
	AutoCallPickup                  Name = "AutoCallPickup"
	PrivacySetting                  Name = "PrivacySetting"
	BuiltInBridge                   Name = "BuiltInBridge"
	BlockOffNetToOffNetTransfer     Name = "BlockOffNetToOffNetTransfer"
	AutomatedAlternateRouting       Name = "AutomatedAlternateRouting"
	PrecedenceAlternatePartyTimeout Name = "PrecedenceAlternatePartyTimeout"
	MLPPIndication                  Name = "MLPPIndication"
	MLPPPreemption                  Name = "MLPPPreemption"
	HoldToneInterval                Name = "HoldToneInterval"
	ConnectionMonitorDuration       Name = "ConnectionMonitorDuration"
	CallThrottlingEnabled           Name = "CallThrottlingEnabled"
	MaximumCalls                    Name = "MaximumCalls"
	MaximumRegisteredDevices        Name = "MaximumRegisteredDevices"
	MaximumDeviceWeight             Name = "MaximumDeviceWeight"
	MaximumFallbackRate             Name = "MaximumFallbackRate"
	MaximumRegistrationRate         Name = "MaximumRegistrationRate"
	SIPRegistrationExpires          Name = "SIPRegistrationExpires"
	SIPRegistrationMinimum          Name = "SIPRegistrationMinimum"
	SIPRegistrationMaximum          Name = "SIPRegistrationMaximum"
	SIPSessionExpires               Name = "SIPSessionExpires"
	SIPSessionMinimum               Name = "SIPSessionMinimum"
	SIPT1                           Name = "SIPT1"
	SIPT2                           Name = "SIPT2"
	SIPNonceLifetime                Name = "SIPNonceLifetime"
	SIPMaximumContacts              Name = "SIPMaximumContacts"
	SIPSubscriptionMaximum          Name = "SIPSubscriptionMaximum"
	SIPInviteExpires                Name = "SIPInviteExpires"
)

// Parameters of other services.
const (
	TFTPMaximumServingCount Name = "TFTPMaximumServingCount"
	TFTPMaximumBlockSize    Name = "TFTPMaximumBlockSize"
	TFTPMaximumWindowSize   Name = "TFTPMaximumWindowSize"
	TFTPRetransmitTimeout   Name = "TFTPRetransmitTimeout"
	TFTPMaximumRetransmits  Name = "TFTPMaximumRetransmits"
	ConferenceCallCount     Name = "ConferenceCallCount"
	MTPCallCount            Name = "MTPCallCount"
	AnnunciatorCallCount    Name = "AnnunciatorCallCount"
	MaximumCDRRecords       Name = "MaximumCDRRecords"
	CDRRetentionDays        Name = "CDRRetentionDays"
	EnforceMaximumLoginTime Name = "EnforceMaximumLoginTime"
	MaximumLoginTime        Name = "MaximumLoginTime"
	MultipleLoginBehaviour  Name = "MultipleLoginBehaviour"
)

// catalogue is the list itself; figures from callmanager-4x.md A.9. Call records, records of zero duration and call
// diagnostics are on by default, unlike the original's: a server that keeps no records cannot be trusted with calls.
var catalogue = []Parameter{
	{Name: ClusterID, Type: Text, Default: "StandAloneCluster", Minimum: 1, Maximum: 50, Explanation: "Name of the cluster, in call records and alarms."},
	{Name: UserSearchLimit, Type: Integer, Default: "64", Minimum: 1, Maximum: 500, Explanation: "Most users that a search from a phone returns."},
	{Name: CDRFormat, Type: Choice, Default: "flat", Choices: []string{"flat", "database", "both"}, Explanation: "Whether call records are kept as flat files, in the database, or both."},
	{Name: CDRFileInterval, Type: Integer, Default: "1", Minimum: 1, Maximum: 1440, Unit: Minutes, Explanation: "How often a new flat file of call records begins."},
	{Name: CDRLayout, Type: Choice, Default: "4.x", Choices: []string{"4.x", "later"}, Explanation: "Column layout of flat call record files: that of 4.x, or that of later releases."},
	{Name: URLAuthentication, Type: Text, Maximum: 255, Explanation: "Address at which phones check credentials of pushed pages."},
	{Name: URLDirectories, Type: Text, Maximum: 255, Explanation: "Address behind the Directories key."},
	{Name: URLIdle, Type: Text, Maximum: 255, Explanation: "Address that an idle phone shows."},
	{Name: URLIdleTime, Type: Integer, Default: "0", Minimum: 0, Maximum: 604800, Unit: Seconds, Explanation: "How long a phone is idle before it shows the idle address; 0: never."},
	{Name: URLInformation, Type: Text, Maximum: 255, Explanation: "Address behind the i or ? key."},
	{Name: URLMessages, Type: Text, Maximum: 255, Explanation: "Address behind the Messages key."},
	{Name: URLProxyServer, Type: Text, Maximum: 255, Explanation: "Proxy that phones use for their pages."},
	{Name: URLServices, Type: Text, Maximum: 255, Explanation: "Address behind the Services key."},
	{Name: DSCPForSignalling, Type: Integer, Default: "24", Minimum: 0, Maximum: 63, Explanation: "DSCP of signalling between phones and server (24: CS3)."},
	{Name: DSCPForConfiguration, Type: Integer, Default: "24", Minimum: 0, Maximum: 63, Explanation: "DSCP of phones' requests for files."},
	{Name: DSCPForAudio, Type: Integer, Default: "46", Minimum: 0, Maximum: 63, Explanation: "DSCP of audio (46: EF)."},
	{Name: DefaultUserLocale, Type: Text, Default: "English_United_States", Minimum: 1, Maximum: 64, Explanation: "Language of phones for which nothing else is said."},
	{Name: DefaultNetworkLocale, Type: Text, Default: "United_States", Minimum: 1, Maximum: 64, Explanation: "Country of the tones of phones for which nothing else is said."},
	{Name: ClusterSecurityMode, Type: Integer, Default: "0", Minimum: 0, Maximum: 1, Explanation: "0: phones may register unencrypted; 1: mixed, by each phone's own setting."},
	{Name: CAPFPort, Type: Integer, Default: "3804", Minimum: 1, Maximum: 65535, Explanation: "TCP port on which phones enrol their certificates."},
	{Name: AutoDeviceProfileSync, Type: Boolean, Default: "true", Explanation: "Whether device profiles follow changes of their phone's model."},

	{Name: T301Timer, Service: callManager, Type: Integer, Default: "180000", Minimum: 10000, Maximum: 600000, Unit: Milliseconds, Explanation: "How long a call may ring without answer before it is released."},
	{Name: T302Timer, Service: callManager, Type: Integer, Default: "15000", Minimum: 3000, Maximum: 75000, Suggested: "5000", Unit: Milliseconds, Explanation: "How long to wait for a further digit when a longer number is possible."},
	{Name: T303Timer, Service: callManager, Type: Integer, Default: "10000", Minimum: 1000, Maximum: 60000, Unit: Milliseconds, Explanation: "How long to wait for the first answer to a call set-up."},
	{Name: T304Timer, Service: callManager, Type: Integer, Default: "20000", Minimum: 1000, Maximum: 60000, Unit: Milliseconds, Explanation: "How long to wait after sending digits with overlap sending."},
	{Name: T305Timer, Service: callManager, Type: Integer, Default: "30000", Minimum: 1000, Maximum: 60000, Unit: Milliseconds, Explanation: "How long to wait for the release after a disconnect."},
	{Name: T308Timer, Service: callManager, Type: Integer, Default: "4000", Minimum: 1000, Maximum: 30000, Unit: Milliseconds, Explanation: "How long to wait for the completion of a release before it is repeated."},
	{Name: T309Timer, Service: callManager, Type: Integer, Default: "90000", Minimum: 1000, Maximum: 300000, Unit: Milliseconds, Explanation: "How long calls of a lost data link are kept."},
	{Name: T310Timer, Service: callManager, Type: Integer, Default: "60000", Minimum: 1000, Maximum: 300000, Unit: Milliseconds, Explanation: "How long to wait after call proceeding for alerting, progress or answer."},
	{Name: T313Timer, Service: callManager, Type: Integer, Default: "4000", Minimum: 1000, Maximum: 30000, Unit: Milliseconds, Explanation: "How long to wait for the acknowledgement of an answer."},
	{Name: T316Timer, Service: callManager, Type: Integer, Default: "120000", Minimum: 1000, Maximum: 300000, Unit: Milliseconds, Explanation: "How long to wait for the acknowledgement of a restart."},
	{Name: T321Timer, Service: callManager, Type: Integer, Default: "30000", Minimum: 1000, Maximum: 300000, Unit: Milliseconds, Explanation: "How long a D channel may stay in change-over."},
	{Name: T322Timer, Service: callManager, Type: Integer, Default: "4000", Minimum: 1000, Maximum: 30000, Unit: Milliseconds, Explanation: "How long to wait for the answer to a status enquiry."},
	{Name: OffHookToFirstDigitTimer, Service: callManager, Type: Integer, Default: "15000", Minimum: 0, Maximum: 150000, Unit: Milliseconds, Explanation: "How long dial tone is played before the reorder tone; 0: at once."},
	{Name: StationKeepAliveInterval, Service: callManager, Type: Integer, Default: "30", Minimum: 10, Maximum: 600, Unit: Seconds, Explanation: "How often SCCP phones tell their server that they live."},
	{Name: StationBackupKeepAliveInterval, Service: callManager, Type: Integer, Default: "60", Minimum: 10, Maximum: 600, Unit: Seconds, Explanation: "How often SCCP phones tell their backup server that they live."},
	{Name: StationMaximumVersion, Service: callManager, Type: Integer, Default: "17", Minimum: 3, Maximum: 17, Explanation: "Highest SCCP version that the server agrees on."},
	{Name: ForwardNoAnswerTimer, Service: callManager, Type: Integer, Default: "12", Minimum: 1, Maximum: 300, Unit: Seconds, Explanation: "How long a line rings before forward-no-answer, where the line says nothing."},
	{Name: ForwardMaximumHopCount, Service: callManager, Type: Integer, Default: "12", Minimum: 1, Maximum: 60, Explanation: "How many times one call may be forwarded."},
	{Name: CallParkDisplayTimer, Service: callManager, Type: Integer, Default: "10", Minimum: 0, Maximum: 100, Unit: Seconds, Explanation: "How long the number of a parked call is shown."},
	{Name: CallParkReversionTimer, Service: callManager, Type: Integer, Default: "60", Minimum: 30, Maximum: 1000, Unit: Seconds, Explanation: "After how long a parked call returns to who parked it."},
	{Name: CdrEnabled, Service: callManager, Type: Boolean, Default: "true", Explanation: "Whether call records are written; takes effect with the next call."},
	{Name: CdrLogCallsWithZeroDuration, Service: callManager, Type: Boolean, Default: "true", Explanation: "Whether calls that were never connected are recorded too."},
	{Name: CallDiagnosticsEnabled, Service: callManager, Type: Boolean, Default: "true", Explanation: "Whether quality records (packets, loss, jitter) are written at the end of calls."},
	{Name: MaximumAdHocConference, Service: callManager, Type: Integer, Default: "4", Minimum: 3, Maximum: 64, Explanation: "Most parties of an ad hoc conference."},
	{Name: MaximumMeetMeConferenceUnicast, Service: callManager, Type: Integer, Default: "4", Minimum: 1, Maximum: 128, Explanation: "Most parties of a meet-me conference."},
	{Name: CallPickupLocatingTimer, Service: callManager, Type: Integer, Default: "1", Minimum: 1, Maximum: 5, Unit: Seconds, Explanation: "How long servers may take to find the call for a pickup."},
	{Name: CallPickupNoAnswerTimer, Service: callManager, Type: Integer, Default: "12", Minimum: 12, Maximum: 300, Unit: Seconds, Explanation: "After how long a picked-up call that nobody takes goes back."},
	{Name: AutoCallPickup, Service: callManager, Type: Boolean, Default: "false", Explanation: "Whether a pickup connects at once instead of ringing first."},
	{Name: PrivacySetting, Service: callManager, Type: Boolean, Default: "true", Explanation: "Whether shared lines hide the other appearance's calls."},
	{Name: BuiltInBridge, Service: callManager, Type: Boolean, Default: "false", Explanation: "Whether phones use their built-in bridge for barge."},
	{Name: BlockOffNetToOffNetTransfer, Service: callManager, Type: Boolean, Default: "false", Suggested: "true", Explanation: "Whether an outside party may not be transferred to another outside party."},
	{Name: AutomatedAlternateRouting, Service: callManager, Type: Boolean, Default: "false", Explanation: "Whether calls that lack bandwidth are tried through the public network."},
	{Name: PrecedenceAlternatePartyTimeout, Service: callManager, Type: Integer, Default: "30", Minimum: 4, Maximum: 60, Unit: Seconds, Explanation: "After how long an unanswered precedence call goes to the alternate party."},
	{Name: MLPPIndication, Service: callManager, Type: Boolean, Default: "false", Explanation: "Whether precedence is shown and heard."},
	{Name: MLPPPreemption, Service: callManager, Type: Choice, Default: "none", Choices: []string{"none", "forceful"}, Explanation: "Whether calls of higher precedence may clear others."},
	{Name: HoldToneInterval, Service: callManager, Type: Integer, Default: "10", Minimum: 2, Maximum: 120, Unit: Seconds, Explanation: "How often a phone without hold music plays the hold tone."},
	{Name: ConnectionMonitorDuration, Service: callManager, Type: Integer, Default: "120", Minimum: 0, Maximum: 3600, Unit: Seconds, Explanation: "How long the primary server must be back before phones return to it."},
	{Name: CallThrottlingEnabled, Service: callManager, Type: Boolean, Default: "true", Explanation: "Whether new calls are refused before established ones suffer."},
	{Name: MaximumCalls, Service: callManager, Type: Integer, Default: "50000", Minimum: 1, Maximum: 1000000, Explanation: "Most calls at once on a server."},
	{Name: MaximumRegisteredDevices, Service: callManager, Type: Integer, Default: "20000", Minimum: 1, Maximum: 200000, Explanation: "Most devices registered at once with a server."},
	{Name: MaximumDeviceWeight, Service: callManager, Type: Integer, Default: "20000", Minimum: 1, Maximum: 1000000, Unit: "device weight units", Explanation: "What a server can carry; devices above it are refused and go to their next server."},
	{Name: MaximumFallbackRate, Service: callManager, Type: Integer, Default: "150", Minimum: 1, Maximum: 10000, Unit: "devices a second", Explanation: "How many phones a second may come back to a server that stands before theirs."},
	{Name: MaximumRegistrationRate, Service: callManager, Type: Integer, Default: "1000", Minimum: 10, Maximum: 100000, Unit: "devices a second", Explanation: "How many phones a second may register, of each protocol, that were not registered here before."},
	{Name: SIPRegistrationExpires, Service: callManager, Type: Integer, Default: "3600", Minimum: 60, Maximum: 86400, Unit: Seconds, Explanation: "How long a SIP registration holds where the phone says nothing."},
	{Name: SIPRegistrationMinimum, Service: callManager, Type: Integer, Default: "60", Minimum: 10, Maximum: 3600, Unit: Seconds, Explanation: "Shortest SIP registration; shorter wishes get 423 Interval Too Brief."},
	{Name: SIPRegistrationMaximum, Service: callManager, Type: Integer, Default: "3600", Minimum: 60, Maximum: 86400, Unit: Seconds, Explanation: "Longest SIP registration; longer wishes are cut."},
	{Name: SIPSessionExpires, Service: callManager, Type: Integer, Default: "1800", Minimum: 90, Maximum: 86400, Unit: Seconds, Explanation: "Session interval of SIP calls (RFC 4028)."},
	{Name: SIPSessionMinimum, Service: callManager, Type: Integer, Default: "90", Minimum: 90, Maximum: 86400, Unit: Seconds, Explanation: "Shortest session interval that is accepted (RFC 4028)."},
	{Name: SIPT1, Service: callManager, Type: Integer, Default: "500", Minimum: 100, Maximum: 2000, Unit: Milliseconds, Explanation: "Round-trip estimate of SIP transactions (RFC 3261)."},
	{Name: SIPT2, Service: callManager, Type: Integer, Default: "4000", Minimum: 1000, Maximum: 16000, Unit: Milliseconds, Explanation: "Longest interval between SIP retransmissions (RFC 3261)."},
	{Name: SIPNonceLifetime, Service: callManager, Type: Integer, Default: "300", Minimum: 10, Maximum: 3600, Unit: Seconds, Explanation: "How long a digest nonce holds."},
	{Name: SIPMaximumContacts, Service: callManager, Type: Integer, Default: "10", Minimum: 1, Maximum: 100, Explanation: "Most contacts that one SIP device may register."},
	{Name: SIPSubscriptionMaximum, Service: callManager, Type: Integer, Default: "3600", Minimum: 60, Maximum: 86400, Unit: Seconds, Explanation: "Longest SIP subscription; longer wishes are cut."},
	{Name: SIPInviteExpires, Service: callManager, Type: Integer, Default: "180", Minimum: 30, Maximum: 600, Unit: Seconds, Explanation: "How long a SIP call may ring where nothing else ends it."},

	{Name: TFTPMaximumServingCount, Service: tftp, Type: Integer, Default: "2000", Minimum: 1, Maximum: 10000, Explanation: "Most transfers at once."},
	{Name: TFTPMaximumBlockSize, Service: tftp, Type: Integer, Default: "1468", Minimum: 512, Maximum: 65464, Unit: "bytes", Explanation: "Largest block that is agreed on (RFC 2348); more than 1468 is fragmented on Ethernet."},
	{Name: TFTPMaximumWindowSize, Service: tftp, Type: Integer, Default: "16", Minimum: 1, Maximum: 64, Explanation: "Most blocks in flight (RFC 7440)."},
	{Name: TFTPRetransmitTimeout, Service: tftp, Type: Integer, Default: "1000", Minimum: 100, Maximum: 10000, Unit: Milliseconds, Explanation: "How long to wait for an acknowledgement before a block is sent again."},
	{Name: TFTPMaximumRetransmits, Service: tftp, Type: Integer, Default: "6", Minimum: 1, Maximum: 20, Explanation: "How many times a block is sent again before the transfer is given up."},

	{Name: ConferenceCallCount, Service: media, Type: Integer, Default: "48", Minimum: 0, Maximum: 256, Explanation: "Conference streams that the server offers."},
	{Name: MTPCallCount, Service: media, Type: Integer, Default: "48", Minimum: 0, Maximum: 512, Explanation: "Media termination streams that the server offers."},
	{Name: AnnunciatorCallCount, Service: media, Type: Integer, Default: "48", Minimum: 0, Maximum: 255, Explanation: "Announcements that the server plays at once."},

	{Name: MaximumCDRRecords, Service: cdrInsert, Type: Integer, Default: "1500000", Minimum: 1000, Maximum: 100000000, Explanation: "Most call records kept in the database; the oldest go first."},
	{Name: CDRRetentionDays, Service: cdrInsert, Type: Integer, Default: "90", Minimum: 1, Maximum: 3650, Unit: "days", Explanation: "How long call records are kept."},

	{Name: EnforceMaximumLoginTime, Service: mobility, Type: Boolean, Default: "false", Explanation: "Whether log-ins at phones end by themselves."},
	{Name: MaximumLoginTime, Service: mobility, Type: Integer, Default: "480", Minimum: 1, Maximum: 10080, Unit: Minutes, Explanation: "After how long they end."},
	{Name: MultipleLoginBehaviour, Service: mobility, Type: Choice, Default: "notAllowed", Choices: []string{"notAllowed", "allowed", "autoLogout"}, Explanation: "What happens when a user logs in at a second phone."},
}
