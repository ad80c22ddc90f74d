package sccp

import "fmt"

// Label is a text that the phone itself knows in its user's language (sccp.md 3.12): two bytes, of
// which the first, 0x80 or 0x1E, announces a label. Those of 0x1E only newer phones understand.
type Label uint16

// Text is the label as it goes into a text field. Other text may stand before and after it:
// LabelFrom.Text() + "1001". No text of a user contains these bytes once it has gone through Plain.
func (l Label) Text() string { return string([]byte{byte(l >> 8), byte(l)}) }

// String is the label's text in English, or its code.
func (l Label) String() string {
	if s, ok := labelNames[l]; ok {
		return s
	}
	return fmt.Sprintf("Label(0x%04X)", uint16(l))
}

// The labels.
const (
	LabelRedial                                Label = 0x8001
	LabelNewcall                               Label = 0x8002
	LabelHold                                  Label = 0x8003
	LabelTransfer                              Label = 0x8004
	LabelCfwdall                               Label = 0x8005
	LabelCfwdbusy                              Label = 0x8006
	LabelCfwdnoanswer                          Label = 0x8007
	LabelBackspace                             Label = 0x8008
	LabelEndcall                               Label = 0x8009
	LabelResume                                Label = 0x800A
	LabelAnswer                                Label = 0x800B
	LabelInfo                                  Label = 0x800C
	LabelConfrn                                Label = 0x800D
	LabelPark                                  Label = 0x800E
	LabelJoin                                  Label = 0x800F
	LabelMeetme                                Label = 0x8010
	LabelPickup                                Label = 0x8011
	LabelGpickup                               Label = 0x8012
	LabelYourCurrentOptions                    Label = 0x8013
	LabelOffHook                               Label = 0x8014
	LabelOnHook                                Label = 0x8015
	LabelRingOut                               Label = 0x8016
	LabelFrom                                  Label = 0x8017
	LabelConnected                             Label = 0x8018
	LabelBusy                                  Label = 0x8019
	LabelLineInUse                             Label = 0x801A
	LabelCallWaiting                           Label = 0x801B
	LabelCallTransfer                          Label = 0x801C
	LabelCallPark                              Label = 0x801D
	LabelCallProceed                           Label = 0x801E
	LabelInUseRemote                           Label = 0x801F
	LabelEnterNumber                           Label = 0x8020
	LabelCallParkAt                            Label = 0x8021
	LabelPrimaryOnly                           Label = 0x8022
	LabelTempFail                              Label = 0x8023
	LabelYouHaveVoicemail                      Label = 0x8024
	LabelForwardedTo                           Label = 0x8025
	LabelCanNotCompleteConference              Label = 0x8026
	LabelNoConferenceBridge                    Label = 0x8027
	LabelCanNotHoldPrimaryControl              Label = 0x8028
	LabelInvalidConferenceParticipant          Label = 0x8029
	LabelInConferenceAlready                   Label = 0x802A
	LabelNoParticipantInfo                     Label = 0x802B
	LabelExceedMaximumParties                  Label = 0x802C
	LabelKeyIsNotActive                        Label = 0x802D
	LabelErrorNoLicense                        Label = 0x802E
	LabelErrorDbconfig                         Label = 0x802F
	LabelErrorDatabase                         Label = 0x8030
	LabelErrorPassLimit                        Label = 0x8031
	LabelErrorUnknown                          Label = 0x8032
	LabelErrorMismatch                         Label = 0x8033
	LabelConference                            Label = 0x8034
	LabelParkNumber                            Label = 0x8035
	LabelPrivate                               Label = 0x8036
	LabelNotEnoughBandwidth                    Label = 0x8037
	LabelUnknownNumber                         Label = 0x8038
	LabelRmlstc                                Label = 0x8039
	LabelVoicemail                             Label = 0x803A
	LabelImmdiv                                Label = 0x803B
	LabelIntrcpt                               Label = 0x803C
	LabelSetwtch                               Label = 0x803D
	LabelTrnsfvm                               Label = 0x803E
	LabelDnd                                   Label = 0x803F
	LabelDivall                                Label = 0x8040
	LabelCallback                              Label = 0x8041
	LabelNetworkCongestionRerouting            Label = 0x8042
	LabelBarge                                 Label = 0x8043
	LabelFailedToSetupBarge                    Label = 0x8044
	LabelAnotherBargeExists                    Label = 0x8045
	LabelIncompatibleDeviceType                Label = 0x8046
	LabelNoParkNumberAvailable                 Label = 0x8047
	LabelCallparkReversion                     Label = 0x8048
	LabelServiceIsNotActive                    Label = 0x8049
	LabelHighTrafficTryAgainLater              Label = 0x804A
	LabelQualityReportTool                     Label = 0x804B
	LabelMaliciousCallIdentification           Label = 0x804C
	LabelDirtrfr                               Label = 0x804D
	LabelSelect                                Label = 0x804E
	LabelConflist                              Label = 0x804F
	LabelIdivert                               Label = 0x8050
	LabelCbarge                                Label = 0x8051
	LabelCanNotCompleteTransfer                Label = 0x8052
	LabelCanNotJoinCalls                       Label = 0x8053
	LabelMaliciousCallIdentificationSuccessful Label = 0x8054
	LabelNumberNotConfigured                   Label = 0x8055
	LabelSecurityError                         Label = 0x8056
	LabelVideoBandwidthUnavailable             Label = 0x8057
	LabelVidmode                               Label = 0x8058
	LabelMaxCallDurationTimeout                Label = 0x8059
	LabelMaxHoldDurationTimeout                Label = 0x805A
	LabelOpickup                               Label = 0x805B
	LabelHuntGroupLogInOut                     Label = 0x805C
	LabelLoggedOutOfHuntGroup                  Label = 0x805D
	LabelParkSlotUnavailable                   Label = 0x805E
	LabelNoCallAvailableForPickup              Label = 0x805F
	LabelExternalTransferRestricted            Label = 0x8061
	LabelNoLineAvailableForPickup              Label = 0x8062
	LabelPathReplacementInProgress             Label = 0x8063
	LabelUnknown2                              Label = 0x8064
	LabelMacAddress                            Label = 0x8065
	LabelHostName                              Label = 0x8066
	LabelDomainName                            Label = 0x8067
	LabelIpAddress                             Label = 0x8068
	LabelSubnetMask                            Label = 0x8069
	LabelTftpServer1                           Label = 0x806A
	LabelDefaultRouter1                        Label = 0x806B
	LabelDefaultRouter2                        Label = 0x806C
	LabelDefaultRouter3                        Label = 0x806D
	LabelDefaultRouter4                        Label = 0x806E
	LabelDefaultRouter5                        Label = 0x806F
	LabelDnsServer1                            Label = 0x8070
	LabelDnsServer2                            Label = 0x8071
	LabelDnsServer3                            Label = 0x8072
	LabelDnsServer4                            Label = 0x8073
	LabelDnsServer5                            Label = 0x8074
	LabelOperationalVlanId                     Label = 0x8075
	LabelAdminVlanId                           Label = 0x8076
	LabelCallManager1                          Label = 0x8077
	LabelCallManager2                          Label = 0x8078
	LabelCallManager3                          Label = 0x8079
	LabelCallManager4                          Label = 0x807A
	LabelCallManager5                          Label = 0x807B
	LabelInformationUrl                        Label = 0x807C
	LabelDirectoriesUrl                        Label = 0x807D
	LabelMessagesUrl                           Label = 0x807E
	LabelServicesUrl                           Label = 0x807F
	LabelEmpty                                 Label = 0x1E00
	LabelAcct                                  Label = 0x1E02
	LabelFlash                                 Label = 0x1E03
	LabelLogin                                 Label = 0x1E04
	LabelDeviceInHomeLocation                  Label = 0x1E05
	LabelDeviceInRoamingLocation               Label = 0x1E06
	LabelEnterAuthorizationCode                Label = 0x1E07
	LabelEnterClientMatterCode                 Label = 0x1E08
	LabelCallsAvailableForPickup               Label = 0x1E09
	LabelCmFallbackServiceOperating            Label = 0x1E0A
	LabelMaxPhonesExceeded                     Label = 0x1E0B
	LabelWaitingToRehome                       Label = 0x1E0C
	LabelPleaseEndCall                         Label = 0x1E0D
	LabelPaging                                Label = 0x1E0E
	LabelSelectLine                            Label = 0x1E0F
	LabelTransferDestinationIsBusy             Label = 0x1E10
	LabelSelectAService                        Label = 0x1E11
	LabelLocalServices                         Label = 0x1E12
	LabelEnterSearchCriteria                   Label = 0x1E13
	LabelNightService                          Label = 0x1E14
	LabelNightServiceActive                    Label = 0x1E15
	LabelNightServiceDisabled                  Label = 0x1E16
	LabelLoginSuccessful                       Label = 0x1E17
	LabelWrongPin                              Label = 0x1E18
	LabelPleaseEnterPin                        Label = 0x1E19
	LabelOf                                    Label = 0x1E1A
	LabelRecords1To                            Label = 0x1E1B
	LabelNoRecordFound                         Label = 0x1E1C
	LabelSearchResults                         Label = 0x1E1D
	LabelCallsInQueue                          Label = 0x1E1E
	LabelJoinToHuntGroup                       Label = 0x1E1F
	LabelReady                                 Label = 0x1E20
	LabelNotready                              Label = 0x1E21
	LabelCallOnHold                            Label = 0x1E22
	LabelHoldReversion                         Label = 0x1E23
	LabelSetupFailed                           Label = 0x1E24
	LabelNoResources                           Label = 0x1E25
	LabelDeviceNotAuthorized                   Label = 0x1E26
	LabelMonitoring                            Label = 0x1E27
	LabelRecordingAwaitingCallToBeActive       Label = 0x1E28
	LabelRecordingAlreadyInProgress            Label = 0x1E29
	LabelInactiveRecordingSession              Label = 0x1E2A
	LabelMobility                              Label = 0x1E2B
	LabelWhisper                               Label = 0x1E2C
	LabelForwardAll                            Label = 0x1E2D
	LabelMaliciousCallId                       Label = 0x1E2E
	LabelGroupPickup                           Label = 0x1E2F
	LabelRemoveLastParticipant                 Label = 0x1E30
	LabelOtherPickup                           Label = 0x1E31
	LabelVideo                                 Label = 0x1E32
	LabelEndCall                               Label = 0x1E33
	LabelConferenceList                        Label = 0x1E34
	LabelQualityReportingTool                  Label = 0x1E35
	LabelHuntGroup                             Label = 0x1E36
	LabelUseLineOrJoinToComplete               Label = 0x1E37
	LabelDoNotDisturb                          Label = 0x1E38
	LabelDoNotDisturbIsActive                  Label = 0x1E39
	LabelCfwdallLoopDetected                   Label = 0x1E3A
	LabelCfwdallHopsExceeded                   Label = 0x1E3B
	LabelAbbrdial                              Label = 0x1E3C
	LabelPickupIsUnavailable                   Label = 0x1E3D
	LabelConferenceIsUnavailable               Label = 0x1E3E
	LabelMeetmeIsUnavailable                   Label = 0x1E3F
	LabelCannotRetrieveParkedCall              Label = 0x1E40
	LabelCannotSendCallToMobile                Label = 0x1E41
	LabelRecord                                Label = 0x1E43
	LabelCannotMoveConversation                Label = 0x1E44
	LabelCwOff                                 Label = 0x1E45
	LabelCoaching                              Label = 0x1E46
	LabelRecording                             Label = 0x1E4F
	LabelRecordingFailed                       Label = 0x1E50
	LabelConnecting                            Label = 0x1E51
)

var labelNames = map[Label]string{
	LabelRedial:                       "Redial",
	LabelNewcall:                      "Newcall",
	LabelHold:                         "Hold",
	LabelTransfer:                     "Transfer",
	LabelCfwdall:                      "Cfwdall",
	LabelCfwdbusy:                     "Cfwdbusy",
	LabelCfwdnoanswer:                 "Cfwdnoanswer",
	LabelBackspace:                    "Backspace",
	LabelEndcall:                      "Endcall",
	LabelResume:                       "Resume",
	LabelAnswer:                       "Answer",
	LabelInfo:                         "Info",
	LabelConfrn:                       "Confrn",
	LabelPark:                         "Park",
	LabelJoin:                         "Join",
	LabelMeetme:                       "Meetme",
	LabelPickup:                       "Pickup",
	LabelGpickup:                      "Gpickup",
	LabelYourCurrentOptions:           "Your Current Options",
	LabelOffHook:                      "Off Hook",
	LabelOnHook:                       "On Hook",
	LabelRingOut:                      "Ring Out",
	LabelFrom:                         "From",
	LabelConnected:                    "Connected",
	LabelBusy:                         "Busy",
	LabelLineInUse:                    "Line In Use",
	LabelCallWaiting:                  "Call Waiting",
	LabelCallTransfer:                 "Call Transfer",
	LabelCallPark:                     "Call Park",
	LabelCallProceed:                  "Call Proceed",
	LabelInUseRemote:                  "In Use Remote",
	LabelEnterNumber:                  "Enter Number",
	LabelCallParkAt:                   "Call Park At",
	LabelPrimaryOnly:                  "Primary Only",
	LabelTempFail:                     "Temp Fail",
	LabelYouHaveVoicemail:             "You Have Voicemail",
	LabelForwardedTo:                  "Forwarded To",
	LabelCanNotCompleteConference:     "Can Not Complete Conference",
	LabelNoConferenceBridge:           "No Conference Bridge",
	LabelCanNotHoldPrimaryControl:     "Can Not Hold Primary Control",
	LabelInvalidConferenceParticipant: "Invalid Conference Participant",
	LabelInConferenceAlready:          "In Conference Already",
	LabelNoParticipantInfo:            "No Participant Info",
	LabelExceedMaximumParties:         "Exceed Maximum Parties",
	LabelKeyIsNotActive:               "Key Is Not Active",
	LabelErrorNoLicense:               "Error No License",
	LabelErrorDbconfig:                "Error Dbconfig",
	LabelErrorDatabase:                "Error Database",
	LabelErrorPassLimit:               "Error Pass Limit",
	LabelErrorUnknown:                 "Error Unknown",
	LabelErrorMismatch:                "Error Mismatch",
	LabelConference:                   "Conference",
	LabelParkNumber:                   "Park Number",
	LabelPrivate:                      "Private",
	LabelNotEnoughBandwidth:           "Not Enough Bandwidth",
	LabelUnknownNumber:                "Unknown Number",
	LabelRmlstc:                       "Rmlstc",
	LabelVoicemail:                    "Voicemail",
	LabelImmdiv:                       "Immdiv",
	LabelIntrcpt:                      "Intrcpt",
	LabelSetwtch:                      "Setwtch",
	LabelTrnsfvm:                      "Trnsfvm",
	LabelDnd:                          "Dnd",
	LabelDivall:                       "Divall",
	LabelCallback:                     "Callback",
	LabelNetworkCongestionRerouting:   "Network Congestion Rerouting",
	LabelBarge:                        "Barge",
	LabelFailedToSetupBarge:           "Failed To Setup Barge",
	LabelAnotherBargeExists:           "Another Barge Exists",
	LabelIncompatibleDeviceType:       "Incompatible Device Type",
	LabelNoParkNumberAvailable:        "No Park Number Available",
	LabelCallparkReversion:            "Callpark Reversion",
	LabelServiceIsNotActive:           "Service Is Not Active",
	LabelHighTrafficTryAgainLater:     "High Traffic Try Again Later",
	LabelQualityReportTool:            "Qrt",
	LabelMaliciousCallIdentification:  "Mcid",
	LabelDirtrfr:                      "Dirtrfr",
	LabelSelect:                       "Select",
	LabelConflist:                     "Conflist",
	LabelIdivert:                      "Idivert",
	LabelCbarge:                       "Cbarge",
	LabelCanNotCompleteTransfer:       "Can Not Complete Transfer",
	LabelCanNotJoinCalls:              "Can Not Join Calls",
	LabelMaliciousCallIdentificationSuccessful: "Mcid Successful",
	LabelNumberNotConfigured:                   "Number Not Configured",
	LabelSecurityError:                         "Security Error",
	LabelVideoBandwidthUnavailable:             "Video Bandwidth Unavailable",
	LabelVidmode:                               "Vidmode",
	LabelMaxCallDurationTimeout:                "Max Call Duration Timeout",
	LabelMaxHoldDurationTimeout:                "Max Hold Duration Timeout",
	LabelOpickup:                               "Opickup",
	LabelHuntGroupLogInOut:                     "Hlog",
	LabelLoggedOutOfHuntGroup:                  "Logged Out Of Hunt Group",
	LabelParkSlotUnavailable:                   "Park Slot Unavailable",
	LabelNoCallAvailableForPickup:              "No Call Available For Pickup",
	LabelExternalTransferRestricted:            "External Transfer Restricted",
	LabelNoLineAvailableForPickup:              "No Line Available For Pickup",
	LabelPathReplacementInProgress:             "Path Replacement In Progress",
	LabelUnknown2:                              "Unknown 2",
	LabelMacAddress:                            "Mac Address",
	LabelHostName:                              "Host Name",
	LabelDomainName:                            "Domain Name",
	LabelIpAddress:                             "Ip Address",
	LabelSubnetMask:                            "Subnet Mask",
	LabelTftpServer1:                           "Tftp Server 1",
	LabelDefaultRouter1:                        "Default Router 1",
	LabelDefaultRouter2:                        "Default Router 2",
	LabelDefaultRouter3:                        "Default Router 3",
	LabelDefaultRouter4:                        "Default Router 4",
	LabelDefaultRouter5:                        "Default Router 5",
	LabelDnsServer1:                            "Dns Server 1",
	LabelDnsServer2:                            "Dns Server 2",
	LabelDnsServer3:                            "Dns Server 3",
	LabelDnsServer4:                            "Dns Server 4",
	LabelDnsServer5:                            "Dns Server 5",
	LabelOperationalVlanId:                     "Operational Vlan Id",
	LabelAdminVlanId:                           "Admin Vlan Id",
	LabelCallManager1:                          "Call Manager 1",
	LabelCallManager2:                          "Call Manager 2",
	LabelCallManager3:                          "Call Manager 3",
	LabelCallManager4:                          "Call Manager 4",
	LabelCallManager5:                          "Call Manager 5",
	LabelInformationUrl:                        "Information Url",
	LabelDirectoriesUrl:                        "Directories Url",
	LabelMessagesUrl:                           "Messages Url",
	LabelServicesUrl:                           "Services Url",
	LabelEmpty:                                 "Empty",
	LabelAcct:                                  "Acct",
	LabelFlash:                                 "Flash",
	LabelLogin:                                 "Login",
	LabelDeviceInHomeLocation:                  "Device In Home Location",
	LabelDeviceInRoamingLocation:               "Device In Roaming Location",
	LabelEnterAuthorizationCode:                "Enter Authorization Code",
	LabelEnterClientMatterCode:                 "Enter Client Matter Code",
	LabelCallsAvailableForPickup:               "Calls Available For Pickup",
	LabelCmFallbackServiceOperating:            "Cm Fallback Service Operating",
	LabelMaxPhonesExceeded:                     "Max Phones Exceeded",
	LabelWaitingToRehome:                       "Waiting To Rehome",
	LabelPleaseEndCall:                         "Please End Call",
	LabelPaging:                                "Paging",
	LabelSelectLine:                            "Select Line",
	LabelTransferDestinationIsBusy:             "Transfer Destination Is Busy",
	LabelSelectAService:                        "Select A Service",
	LabelLocalServices:                         "Local Services",
	LabelEnterSearchCriteria:                   "Enter Search Criteria",
	LabelNightService:                          "Night Service",
	LabelNightServiceActive:                    "Night Service Active",
	LabelNightServiceDisabled:                  "Night Service Disabled",
	LabelLoginSuccessful:                       "Login Successful",
	LabelWrongPin:                              "Wrong Pin",
	LabelPleaseEnterPin:                        "Please Enter Pin",
	LabelOf:                                    "Of",
	LabelRecords1To:                            "Records 1 To",
	LabelNoRecordFound:                         "No Record Found",
	LabelSearchResults:                         "Search Results",
	LabelCallsInQueue:                          "Calls In Queue",
	LabelJoinToHuntGroup:                       "Join To Hunt Group",
	LabelReady:                                 "Ready",
	LabelNotready:                              "Notready",
	LabelCallOnHold:                            "Call On Hold",
	LabelHoldReversion:                         "Hold Reversion",
	LabelSetupFailed:                           "Setup Failed",
	LabelNoResources:                           "No Resources",
	LabelDeviceNotAuthorized:                   "Device Not Authorized",
	LabelMonitoring:                            "Monitoring",
	LabelRecordingAwaitingCallToBeActive:       "Recording Awaiting Call To Be Active",
	LabelRecordingAlreadyInProgress:            "Recording Already In Progress",
	LabelInactiveRecordingSession:              "Inactive Recording Session",
	LabelMobility:                              "Mobility",
	LabelWhisper:                               "Whisper",
	LabelForwardAll:                            "Forward All",
	LabelMaliciousCallId:                       "Malicious Call Id",
	LabelGroupPickup:                           "Group Pickup",
	LabelRemoveLastParticipant:                 "Remove Last Participant",
	LabelOtherPickup:                           "Other Pickup",
	LabelVideo:                                 "Video",
	LabelEndCall:                               "End Call",
	LabelConferenceList:                        "Conference List",
	LabelQualityReportingTool:                  "Quality Reporting Tool",
	LabelHuntGroup:                             "Hunt Group",
	LabelUseLineOrJoinToComplete:               "Use Line Or Join To Complete",
	LabelDoNotDisturb:                          "Do Not Disturb",
	LabelDoNotDisturbIsActive:                  "Do Not Disturb Is Active",
	LabelCfwdallLoopDetected:                   "Cfwdall Loop Detected",
	LabelCfwdallHopsExceeded:                   "Cfwdall Hops Exceeded",
	LabelAbbrdial:                              "Abbrdial",
	LabelPickupIsUnavailable:                   "Pickup Is Unavailable",
	LabelConferenceIsUnavailable:               "Conference Is Unavailable",
	LabelMeetmeIsUnavailable:                   "Meetme Is Unavailable",
	LabelCannotRetrieveParkedCall:              "Cannot Retrieve Parked Call",
	LabelCannotSendCallToMobile:                "Cannot Send Call To Mobile",
	LabelRecord:                                "Record",
	LabelCannotMoveConversation:                "Cannot Move Conversation",
	LabelCwOff:                                 "Cw Off",
	LabelCoaching:                              "Coaching",
	LabelRecording:                             "Recording",
	LabelRecordingFailed:                       "Recording Failed",
	LabelConnecting:                            "Connecting",
}
