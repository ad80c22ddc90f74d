package sccp

// DeviceType is the model that a device announces in Register (sccp.md 3.1). The same number names
// the model's firmware load in the default configuration file.
type DeviceType uint32

const (
	DeviceUndefined                            DeviceType = 0
	Device30SPPlus                             DeviceType = 1
	Device12SPPlus                             DeviceType = 2
	Device12SP                                 DeviceType = 3
	Device12S                                  DeviceType = 4
	Device30VIP                                DeviceType = 5
	Device7910                                 DeviceType = 6
	Device7960                                 DeviceType = 7
	Device7940                                 DeviceType = 8
	Device7935                                 DeviceType = 9
	DeviceVGC                                  DeviceType = 10
	DeviceVGCVirtualPhone                      DeviceType = 11
	DeviceATA186                               DeviceType = 12
	DeviceATA188                               DeviceType = 13
	DeviceEmccBase                             DeviceType = 15
	DeviceVirtual30SPPlus                      DeviceType = 20
	DevicePhoneApplication                     DeviceType = 21
	DeviceAnalogAccess                         DeviceType = 30
	DeviceDigitalAccessTitan1                  DeviceType = 40
	DeviceDigitalAccessT1                      DeviceType = 41
	DeviceDigitalAccessTitan2                  DeviceType = 42
	DeviceDigitalAccessLennon                  DeviceType = 43
	DeviceAnalogAccessElvis                    DeviceType = 47
	DeviceVGCGateway                           DeviceType = 48
	DeviceConferenceBridge                     DeviceType = 50
	DeviceConferenceBridgeYoko                 DeviceType = 51
	DeviceConferenceBridgeDixieLand            DeviceType = 52
	DeviceConferenceBridgeSummit               DeviceType = 53
	DeviceH225                                 DeviceType = 60
	DeviceH323Phone                            DeviceType = 61
	DeviceH323Gateway                          DeviceType = 62
	DeviceMusicOnHold                          DeviceType = 70
	DevicePilot                                DeviceType = 71
	DeviceTapiPort                             DeviceType = 72
	DeviceTapiRoutePoint                       DeviceType = 73
	DeviceVoiceInBox                           DeviceType = 80
	DeviceVoiceInboxAdmin                      DeviceType = 81
	DeviceLineAnnunciator                      DeviceType = 82
	DeviceSoftwareMtpDixieLand                 DeviceType = 83
	DeviceMediaServer                          DeviceType = 84
	DeviceConferenceBridgeFlint                DeviceType = 85
	DeviceConferenceBridgeHetroGen             DeviceType = 86
	DeviceConferenceBridgeAudVid               DeviceType = 87
	DeviceConferenceHVideoBridge               DeviceType = 88
	DeviceRouteList                            DeviceType = 90
	DeviceLoadSimulator                        DeviceType = 100
	DeviceMediaTerminationPoint                DeviceType = 110
	DeviceMediaTerminationPointYoko            DeviceType = 111
	DeviceMediaTerminationPointDixieLand       DeviceType = 112
	DeviceMediaTerminationPointSummit          DeviceType = 113
	Device7941                                 DeviceType = 115
	Device7971                                 DeviceType = 119
	DeviceMGCPStation                          DeviceType = 120
	DeviceMGCPTrunk                            DeviceType = 121
	DeviceRASProxy                             DeviceType = 122
	DeviceAddOn7914                            DeviceType = 124
	DeviceTrunk                                DeviceType = 125
	DeviceAnnunciator                          DeviceType = 126
	DeviceMonitorBridge                        DeviceType = 127
	DeviceRecorder                             DeviceType = 128
	DeviceMonitorBridgeYoko                    DeviceType = 129
	DeviceSipTrunk                             DeviceType = 131
	DeviceSipGateway                           DeviceType = 132
	DeviceWsmTrunk                             DeviceType = 133
	DeviceRemoteDestination                    DeviceType = 134
	DeviceAddOn7915With12Keys                  DeviceType = 227
	DeviceAddOn7915With24Keys                  DeviceType = 228
	DeviceAddOn7916With12Keys                  DeviceType = 229
	DeviceAddOn7916With24Keys                  DeviceType = 230
	DeviceGenericDevice                        DeviceType = 253
	DeviceUnknownMGCPGateway                   DeviceType = 254
	DeviceNotDefined                           DeviceType = 255
	DeviceNokiaESeries                         DeviceType = 275
	Device7985                                 DeviceType = 302
	Device7911                                 DeviceType = 307
	Device7961GE                               DeviceType = 308
	Device7941GE                               DeviceType = 309
	DeviceMotorolaCN622                        DeviceType = 335
	Device3rdPartySipBasic                     DeviceType = 336
	Device7931                                 DeviceType = 348
	DeviceUnifiedCommunicator                  DeviceType = 358
	Device7921                                 DeviceType = 365
	Device7906                                 DeviceType = 369
	Device3rdPartySipAdv                       DeviceType = 374
	DeviceTelepresence                         DeviceType = 375
	DeviceNokiaICC                             DeviceType = 376
	Device7962                                 DeviceType = 404
	Device3951                                 DeviceType = 412
	Device7937                                 DeviceType = 431
	Device7942                                 DeviceType = 434
	Device7945                                 DeviceType = 435
	Device7965                                 DeviceType = 436
	Device7975                                 DeviceType = 437
	DeviceUnifiedMobileCommunicator            DeviceType = 468
	Device7925                                 DeviceType = 484
	Device9971CE                               DeviceType = 493
	Device6921                                 DeviceType = 495
	Device6941                                 DeviceType = 496
	Device6961                                 DeviceType = 497
	DeviceCSF                                  DeviceType = 503
	Device6901                                 DeviceType = 547
	Device6911                                 DeviceType = 548
	Device6945                                 DeviceType = 564
	Device7926                                 DeviceType = 577
	Device8945                                 DeviceType = 585
	Device8941                                 DeviceType = 586
	DeviceTelepresenceMcu                      DeviceType = 597
	DeviceTelePresenceExchange                 DeviceType = 599
	DeviceTelePresenceSoftwareConferenceBridge DeviceType = 600
	DeviceASSip                                DeviceType = 631
	DeviceCtiRemoteDevice                      DeviceType = 635
	Device7905                                 DeviceType = 20000
	Device7920                                 DeviceType = 30002
	Device7970                                 DeviceType = 30006
	Device7912                                 DeviceType = 30007
	Device7902                                 DeviceType = 30008
	DeviceIPCommunicator                       DeviceType = 30016
	Device7961                                 DeviceType = 30018
	Device7936                                 DeviceType = 30019
	DeviceAnalogPhone                          DeviceType = 30027
	DeviceISDNBRIPhone                         DeviceType = 30028
	DeviceSCCPGatewayVirtualPhone              DeviceType = 30032
	DeviceIPSTE                                DeviceType = 30035
	DeviceTelePresenceConductor                DeviceType = 36041
	DeviceInteractiveVoiceResponse             DeviceType = 36219
	DeviceSPA521S                              DeviceType = 80000
	DeviceSPA524SG                             DeviceType = 80001
	DeviceSPA502G                              DeviceType = 80003
	DeviceSPA504G                              DeviceType = 80004
	DeviceSPA525G                              DeviceType = 80005
	DeviceSPA508G                              DeviceType = 80006
	DeviceSPA509G                              DeviceType = 80007
	DeviceSPA525G2                             DeviceType = 80009
	DeviceSPA303G                              DeviceType = 80011
	DeviceSPA512G                              DeviceType = 80012
	DeviceSPA514G                              DeviceType = 80013
	DeviceAddOnSPA500S                         DeviceType = 99991
	DeviceAddOnSPA500DS                        DeviceType = 99992
	DeviceAddOnSPA932DS                        DeviceType = 99993
)

// String gives the name used in traces, or the number of a value that has none.
func (v DeviceType) String() string { return nameOf(v, "DeviceType", deviceTypeNames) }

var deviceTypeNames = map[DeviceType]string{
	DeviceUndefined:                      "Undefined",
	Device30SPPlus:                       "30SPPlus",
	Device12SPPlus:                       "12SPPlus",
	Device12SP:                           "12SP",
	Device12S:                            "12S",
	Device30VIP:                          "30VIP",
	Device7910:                           "7910",
	Device7960:                           "7960",
	Device7940:                           "7940",
	Device7935:                           "7935",
	DeviceVGC:                            "VGC",
	DeviceVGCVirtualPhone:                "VGCVirtualPhone",
	DeviceATA186:                         "ATA186",
	DeviceATA188:                         "ATA188",
	DeviceEmccBase:                       "EmccBase",
	DeviceVirtual30SPPlus:                "Virtual30SPPlus",
	DevicePhoneApplication:               "PhoneApplication",
	DeviceAnalogAccess:                   "AnalogAccess",
	DeviceDigitalAccessTitan1:            "DigitalAccessTitan1",
	DeviceDigitalAccessT1:                "DigitalAccessT1",
	DeviceDigitalAccessTitan2:            "DigitalAccessTitan2",
	DeviceDigitalAccessLennon:            "DigitalAccessLennon",
	DeviceAnalogAccessElvis:              "AnalogAccessElvis",
	DeviceVGCGateway:                     "VGCGateway",
	DeviceConferenceBridge:               "ConferenceBridge",
	DeviceConferenceBridgeYoko:           "ConferenceBridgeYoko",
	DeviceConferenceBridgeDixieLand:      "ConferenceBridgeDixieLand",
	DeviceConferenceBridgeSummit:         "ConferenceBridgeSummit",
	DeviceH225:                           "H225",
	DeviceH323Phone:                      "H323Phone",
	DeviceH323Gateway:                    "H323Gateway",
	DeviceMusicOnHold:                    "MusicOnHold",
	DevicePilot:                          "Pilot",
	DeviceTapiPort:                       "TapiPort",
	DeviceTapiRoutePoint:                 "TapiRoutePoint",
	DeviceVoiceInBox:                     "VoiceInBox",
	DeviceVoiceInboxAdmin:                "VoiceInboxAdmin",
	DeviceLineAnnunciator:                "LineAnnunciator",
	DeviceSoftwareMtpDixieLand:           "SoftwareMtpDixieLand",
	DeviceMediaServer:                    "MediaServer",
	DeviceConferenceBridgeFlint:          "ConferenceBridgeFlint",
	DeviceConferenceBridgeHetroGen:       "ConferenceBridgeHetroGen",
	DeviceConferenceBridgeAudVid:         "ConferenceBridgeAudVid",
	DeviceConferenceHVideoBridge:         "ConferenceHVideoBridge",
	DeviceRouteList:                      "RouteList",
	DeviceLoadSimulator:                  "LoadSimulator",
	DeviceMediaTerminationPoint:          "MediaTerminationPoint",
	DeviceMediaTerminationPointYoko:      "MediaTerminationPointYoko",
	DeviceMediaTerminationPointDixieLand: "MediaTerminationPointDixieLand",
	DeviceMediaTerminationPointSummit:    "MediaTerminationPointSummit",
	Device7941:                           "7941",
	Device7971:                           "7971",
	DeviceMGCPStation:                    "MGCPStation",
	DeviceMGCPTrunk:                      "MGCPTrunk",
	DeviceRASProxy:                       "RASProxy",
	DeviceAddOn7914:                      "AddOn7914",
	DeviceTrunk:                          "Trunk",
	DeviceAnnunciator:                    "Annunciator",
	DeviceMonitorBridge:                  "MonitorBridge",
	DeviceRecorder:                       "Recorder",
	DeviceMonitorBridgeYoko:              "MonitorBridgeYoko",
	DeviceSipTrunk:                       "SipTrunk",
	DeviceSipGateway:                     "SipGateway",
	DeviceWsmTrunk:                       "WsmTrunk",
	DeviceRemoteDestination:              "RemoteDestination",
	DeviceAddOn7915With12Keys:            "AddOn7915With12Keys",
	DeviceAddOn7915With24Keys:            "AddOn7915With24Keys",
	DeviceAddOn7916With12Keys:            "AddOn7916With12Keys",
	DeviceAddOn7916With24Keys:            "AddOn7916With24Keys",
	DeviceGenericDevice:                  "GenericDevice",
	DeviceUnknownMGCPGateway:             "UnknownMGCPGateway",
	DeviceNotDefined:                     "NotDefined",
	DeviceNokiaESeries:                   "NokiaESeries",
	Device7985:                           "7985",
	Device7911:                           "7911",
	Device7961GE:                         "7961GE",
	Device7941GE:                         "7941GE",
	DeviceMotorolaCN622:                  "MotorolaCN622",
	Device3rdPartySipBasic:               "3rdPartySipBasic",
	Device7931:                           "7931",
	DeviceUnifiedCommunicator:            "UnifiedCommunicator",
	Device7921:                           "7921",
	Device7906:                           "7906",
	Device3rdPartySipAdv:                 "3rdPartySipAdv",
	DeviceTelepresence:                   "Telepresence",
	DeviceNokiaICC:                       "NokiaICC",
	Device7962:                           "7962",
	Device3951:                           "3951",
	Device7937:                           "7937",
	Device7942:                           "7942",
	Device7945:                           "7945",
	Device7965:                           "7965",
	Device7975:                           "7975",
	DeviceUnifiedMobileCommunicator:      "UnifiedMobileCommunicator",
	Device7925:                           "7925",
	Device9971CE:                         "9971CE",
	Device6921:                           "6921",
	Device6941:                           "6941",
	Device6961:                           "6961",
	DeviceCSF:                            "CSF",
	Device6901:                           "6901",
	Device6911:                           "6911",
	Device6945:                           "6945",
	Device7926:                           "7926",
	Device8945:                           "8945",
	Device8941:                           "8941",
	DeviceTelepresenceMcu:                "TelepresenceMcu",
	DeviceTelePresenceExchange:           "TelePresenceExchange",
	DeviceTelePresenceSoftwareConferenceBridge: "TelePresenceSoftwareConferenceBridge",
	DeviceASSip:                    "ASSip",
	DeviceCtiRemoteDevice:          "CtiRemoteDevice",
	Device7905:                     "7905",
	Device7920:                     "7920",
	Device7970:                     "7970",
	Device7912:                     "7912",
	Device7902:                     "7902",
	DeviceIPCommunicator:           "IPCommunicator",
	Device7961:                     "7961",
	Device7936:                     "7936",
	DeviceAnalogPhone:              "AnalogPhone",
	DeviceISDNBRIPhone:             "ISDNBRIPhone",
	DeviceSCCPGatewayVirtualPhone:  "SCCPGatewayVirtualPhone",
	DeviceIPSTE:                    "IPSTE",
	DeviceTelePresenceConductor:    "TelePresenceConductor",
	DeviceInteractiveVoiceResponse: "InteractiveVoiceResponse",
	DeviceSPA521S:                  "SPA521S",
	DeviceSPA524SG:                 "SPA524SG",
	DeviceSPA502G:                  "SPA502G",
	DeviceSPA504G:                  "SPA504G",
	DeviceSPA525G:                  "SPA525G",
	DeviceSPA508G:                  "SPA508G",
	DeviceSPA509G:                  "SPA509G",
	DeviceSPA525G2:                 "SPA525G2",
	DeviceSPA303G:                  "SPA303G",
	DeviceSPA512G:                  "SPA512G",
	DeviceSPA514G:                  "SPA514G",
	DeviceAddOnSPA500S:             "AddOnSPA500S",
	DeviceAddOnSPA500DS:            "AddOnSPA500DS",
	DeviceAddOnSPA932DS:            "AddOnSPA932DS",
}
