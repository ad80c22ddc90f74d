package sccp

// Tone is a sound that the phone makes itself, and in the DTMF messages a digit (sccp.md 3.7).
type Tone uint32

const (
	ToneSilence                 Tone = 0x00
	ToneDTMF1                   Tone = 0x01
	ToneDTMF2                   Tone = 0x02
	ToneDTMF3                   Tone = 0x03
	ToneDTMF4                   Tone = 0x04
	ToneDTMF5                   Tone = 0x05
	ToneDTMF6                   Tone = 0x06
	ToneDTMF7                   Tone = 0x07
	ToneDTMF8                   Tone = 0x08
	ToneDTMF9                   Tone = 0x09
	ToneDTMF0                   Tone = 0x0A
	ToneDTMFStar                Tone = 0x0E
	ToneDTMFPound               Tone = 0x0F
	ToneDTMFA                   Tone = 0x10
	ToneDTMFB                   Tone = 0x11
	ToneDTMFC                   Tone = 0x12
	ToneDTMFD                   Tone = 0x13
	ToneInsideDial              Tone = 0x21
	ToneOutsideDial             Tone = 0x22
	ToneLineBusy                Tone = 0x23
	ToneAlerting                Tone = 0x24
	ToneReorder                 Tone = 0x25
	ToneRecorderWarning         Tone = 0x26
	ToneRecorderDetected        Tone = 0x27
	ToneReverting               Tone = 0x28
	ToneReceiverOffHook         Tone = 0x29
	TonePartialDial             Tone = 0x2A
	ToneNoSuchNumber            Tone = 0x2B
	ToneBusyVerification        Tone = 0x2C
	ToneCallWaiting             Tone = 0x2D
	ToneConfirmation            Tone = 0x2E
	ToneCampOnIndication        Tone = 0x2F
	ToneRecallDial              Tone = 0x30
	ToneZipZip                  Tone = 0x31
	ToneZip                     Tone = 0x32
	ToneBeepBonk                Tone = 0x33
	ToneMusic                   Tone = 0x34
	ToneHold                    Tone = 0x35
	ToneTest                    Tone = 0x36
	ToneDTMonitorWarning        Tone = 0x37
	ToneMonitorWarning          Tone = 0x38
	ToneSecureWarning           Tone = 0x39
	ToneAddCallWaiting          Tone = 0x40
	TonePriorityCallWait        Tone = 0x41
	ToneRecallDialAgain         Tone = 0x42
	ToneBargeIn                 Tone = 0x43
	ToneDistinctAlert           Tone = 0x44
	TonePriorityAlert           Tone = 0x45
	ToneReminderRing            Tone = 0x46
	TonePrecedenceRingBack      Tone = 0x47
	TonePreemption              Tone = 0x48
	ToneNonSecureWarning        Tone = 0x49
	ToneMF1                     Tone = 0x50
	ToneMF2                     Tone = 0x51
	ToneMF3                     Tone = 0x52
	ToneMF4                     Tone = 0x53
	ToneMF5                     Tone = 0x54
	ToneMF6                     Tone = 0x55
	ToneMF7                     Tone = 0x56
	ToneMF8                     Tone = 0x57
	ToneMF9                     Tone = 0x58
	ToneMF0                     Tone = 0x59
	ToneMFKP1                   Tone = 0x5A
	ToneMFST                    Tone = 0x5B
	ToneMFKP2                   Tone = 0x5C
	ToneMFSTP                   Tone = 0x5D
	ToneMFST3P                  Tone = 0x5E
	ToneMilliwatt               Tone = 0x5F
	ToneMilliwattTest           Tone = 0x60
	ToneHigh                    Tone = 0x61
	ToneFlashOverride           Tone = 0x62
	ToneFlash                   Tone = 0x63
	TonePriority                Tone = 0x64
	ToneImmediate               Tone = 0x65
	TonePreemptWarning          Tone = 0x66
	ToneAt2105Hz                Tone = 0x67
	ToneAt2600Hz                Tone = 0x68
	ToneAt440Hz                 Tone = 0x69
	ToneAt300Hz                 Tone = 0x6A
	ToneMobilityWP              Tone = 0x6B
	ToneMobilityUAC             Tone = 0x6C
	ToneMobilityWTDN            Tone = 0x6D
	ToneMobilityMON             Tone = 0x6E
	ToneMobilityMOFF            Tone = 0x6F
	ToneMobilityUKC             Tone = 0x70
	ToneMobilityVMA             Tone = 0x71
	ToneMobilityFAC             Tone = 0x72
	ToneMobilityCMC             Tone = 0x73
	ToneMLPPPALA                Tone = 0x77
	ToneMLPPICA                 Tone = 0x78
	ToneMLPPVCA                 Tone = 0x79
	ToneMLPPBPA                 Tone = 0x7A
	ToneMLPPBNEA                Tone = 0x7B
	ToneMLPPUPA                 Tone = 0x7C
	ToneTUA                     Tone = 0x7D
	ToneGone                    Tone = 0x7E
	ToneNone                    Tone = 0x7F
	ToneMeetMeGreeting          Tone = 0x80
	ToneMeetMeNumberInvalid     Tone = 0x81
	ToneMeetMeNumberFailed      Tone = 0x82
	ToneMeetMeEnterPIN          Tone = 0x83
	ToneMeetMeInvalidPIN        Tone = 0x84
	ToneMeetMeFailedPIN         Tone = 0x85
	ToneMeetMeCFBFailed         Tone = 0x86
	ToneMeetMeEnterAccessCode   Tone = 0x87
	ToneMeetMeAccessCodeInvalid Tone = 0x88
	ToneMeetMeAccessCodeFailed  Tone = 0x89
)

// String gives the name used in traces, or the number of a value that has none.
func (v Tone) String() string { return nameOf(v, "Tone", toneNames) }

var toneNames = map[Tone]string{
	ToneSilence:                 "Silence",
	ToneDTMF1:                   "DTMF1",
	ToneDTMF2:                   "DTMF2",
	ToneDTMF3:                   "DTMF3",
	ToneDTMF4:                   "DTMF4",
	ToneDTMF5:                   "DTMF5",
	ToneDTMF6:                   "DTMF6",
	ToneDTMF7:                   "DTMF7",
	ToneDTMF8:                   "DTMF8",
	ToneDTMF9:                   "DTMF9",
	ToneDTMF0:                   "DTMF0",
	ToneDTMFStar:                "DTMFStar",
	ToneDTMFPound:               "DTMFPound",
	ToneDTMFA:                   "DTMFA",
	ToneDTMFB:                   "DTMFB",
	ToneDTMFC:                   "DTMFC",
	ToneDTMFD:                   "DTMFD",
	ToneInsideDial:              "InsideDial",
	ToneOutsideDial:             "OutsideDial",
	ToneLineBusy:                "LineBusy",
	ToneAlerting:                "Alerting",
	ToneReorder:                 "Reorder",
	ToneRecorderWarning:         "RecorderWarning",
	ToneRecorderDetected:        "RecorderDetected",
	ToneReverting:               "Reverting",
	ToneReceiverOffHook:         "ReceiverOffHook",
	TonePartialDial:             "PartialDial",
	ToneNoSuchNumber:            "NoSuchNumber",
	ToneBusyVerification:        "BusyVerification",
	ToneCallWaiting:             "CallWaiting",
	ToneConfirmation:            "Confirmation",
	ToneCampOnIndication:        "CampOnIndication",
	ToneRecallDial:              "RecallDial",
	ToneZipZip:                  "ZipZip",
	ToneZip:                     "Zip",
	ToneBeepBonk:                "BeepBonk",
	ToneMusic:                   "Music",
	ToneHold:                    "Hold",
	ToneTest:                    "Test",
	ToneDTMonitorWarning:        "DTMonitorWarning",
	ToneMonitorWarning:          "MonitorWarning",
	ToneSecureWarning:           "SecureWarning",
	ToneAddCallWaiting:          "AddCallWaiting",
	TonePriorityCallWait:        "PriorityCallWait",
	ToneRecallDialAgain:         "RecallDialAgain",
	ToneBargeIn:                 "BargeIn",
	ToneDistinctAlert:           "DistinctAlert",
	TonePriorityAlert:           "PriorityAlert",
	ToneReminderRing:            "ReminderRing",
	TonePrecedenceRingBack:      "PrecedenceRingBack",
	TonePreemption:              "Preemption",
	ToneNonSecureWarning:        "NonSecureWarning",
	ToneMF1:                     "MF1",
	ToneMF2:                     "MF2",
	ToneMF3:                     "MF3",
	ToneMF4:                     "MF4",
	ToneMF5:                     "MF5",
	ToneMF6:                     "MF6",
	ToneMF7:                     "MF7",
	ToneMF8:                     "MF8",
	ToneMF9:                     "MF9",
	ToneMF0:                     "MF0",
	ToneMFKP1:                   "MFKP1",
	ToneMFST:                    "MFST",
	ToneMFKP2:                   "MFKP2",
	ToneMFSTP:                   "MFSTP",
	ToneMFST3P:                  "MFST3P",
	ToneMilliwatt:               "Milliwatt",
	ToneMilliwattTest:           "MilliwattTest",
	ToneHigh:                    "High",
	ToneFlashOverride:           "FlashOverride",
	ToneFlash:                   "Flash",
	TonePriority:                "Priority",
	ToneImmediate:               "Immediate",
	TonePreemptWarning:          "PreemptWarning",
	ToneAt2105Hz:                "At2105Hz",
	ToneAt2600Hz:                "At2600Hz",
	ToneAt440Hz:                 "At440Hz",
	ToneAt300Hz:                 "At300Hz",
	ToneMobilityWP:              "MobilityWP",
	ToneMobilityUAC:             "MobilityUAC",
	ToneMobilityWTDN:            "MobilityWTDN",
	ToneMobilityMON:             "MobilityMON",
	ToneMobilityMOFF:            "MobilityMOFF",
	ToneMobilityUKC:             "MobilityUKC",
	ToneMobilityVMA:             "MobilityVMA",
	ToneMobilityFAC:             "MobilityFAC",
	ToneMobilityCMC:             "MobilityCMC",
	ToneMLPPPALA:                "MLPPPALA",
	ToneMLPPICA:                 "MLPPICA",
	ToneMLPPVCA:                 "MLPPVCA",
	ToneMLPPBPA:                 "MLPPBPA",
	ToneMLPPBNEA:                "MLPPBNEA",
	ToneMLPPUPA:                 "MLPPUPA",
	ToneTUA:                     "TUA",
	ToneGone:                    "Gone",
	ToneNone:                    "None",
	ToneMeetMeGreeting:          "MeetMeGreeting",
	ToneMeetMeNumberInvalid:     "MeetMeNumberInvalid",
	ToneMeetMeNumberFailed:      "MeetMeNumberFailed",
	ToneMeetMeEnterPIN:          "MeetMeEnterPIN",
	ToneMeetMeInvalidPIN:        "MeetMeInvalidPIN",
	ToneMeetMeFailedPIN:         "MeetMeFailedPIN",
	ToneMeetMeCFBFailed:         "MeetMeCFBFailed",
	ToneMeetMeEnterAccessCode:   "MeetMeEnterAccessCode",
	ToneMeetMeAccessCodeInvalid: "MeetMeAccessCodeInvalid",
	ToneMeetMeAccessCodeFailed:  "MeetMeAccessCodeFailed",
}
