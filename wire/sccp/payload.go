package sccp

// Payload is a codec or another kind of media content, numbered in the protocol's own way, not by
// RTP payload type (sccp.md 3.2).
type Payload uint32

const (
	PayloadNone                Payload = 0
	PayloadNonStandard         Payload = 1
	PayloadG711ALaw64k         Payload = 2
	PayloadG711ALaw56k         Payload = 3
	PayloadG711ULaw64k         Payload = 4
	PayloadG711ULaw56k         Payload = 5
	PayloadG722At64k           Payload = 6
	PayloadG722At56k           Payload = 7
	PayloadG722At48k           Payload = 8
	PayloadG7231               Payload = 9
	PayloadG728                Payload = 10
	PayloadG729                Payload = 11
	PayloadG729A               Payload = 12
	PayloadIS11172             Payload = 13
	PayloadIS13818             Payload = 14
	PayloadG729B               Payload = 15
	PayloadG729AB              Payload = 16
	PayloadGSMFullRate         Payload = 18
	PayloadGSMHalfRate         Payload = 19
	PayloadGSMEnhancedFullRate Payload = 20
	PayloadWideband256k        Payload = 25
	PayloadData64              Payload = 32
	PayloadData56              Payload = 33
	PayloadG7221At32k          Payload = 40
	PayloadG7221At24k          Payload = 41
	PayloadAAC                 Payload = 42
	PayloadMP4ALATM128         Payload = 43
	PayloadMP4ALATM64          Payload = 44
	PayloadMP4ALATM56          Payload = 45
	PayloadMP4ALATM48          Payload = 46
	PayloadMP4ALATM32          Payload = 47
	PayloadMP4ALATM24          Payload = 48
	PayloadMP4ALATMNA          Payload = 49
	PayloadGSM                 Payload = 80
	PayloadActiveVoice         Payload = 81
	PayloadG726At32k           Payload = 82
	PayloadG726At24k           Payload = 83
	PayloadG726At16k           Payload = 84
	PayloadG729AnnexB          Payload = 85
	PayloadILBC                Payload = 86
	PayloadISAC                Payload = 89
	PayloadOPUS                Payload = 90
	PayloadAMR                 Payload = 97
	PayloadAMRWB               Payload = 98
	PayloadH261                Payload = 100
	PayloadH263                Payload = 101
	PayloadVieo                Payload = 102
	PayloadH264                Payload = 103
	PayloadH264SVC             Payload = 104
	PayloadT120                Payload = 105
	PayloadH224                Payload = 106
	PayloadT38Fax              Payload = 107
	PayloadTOTE                Payload = 108
	PayloadH265                Payload = 109
	PayloadH264UC              Payload = 110
	PayloadXV150MR711U         Payload = 111
	PayloadNSEVBD711U          Payload = 112
	PayloadXV150MR729A         Payload = 113
	PayloadNSEVBD729A          Payload = 114
	PayloadH264FEC             Payload = 115
	PayloadClearChannel        Payload = 120
	PayloadUniversalTranscoder Payload = 222
	PayloadRFC2833Dynamic      Payload = 257
	PayloadPassThrough         Payload = 258
	PayloadDynamicPassThrough  Payload = 259
	PayloadDTMFOutOfBand       Payload = 260
	PayloadDTMFInBandRFC2833   Payload = 261
	PayloadConferenceTones     Payload = 262
	PayloadNoAudio             Payload = 299
	PayloadV150ModemRelay      Payload = 300
	PayloadV150SPRT            Payload = 301
	PayloadV150SSE             Payload = 302
)

// String gives the name used in traces, or the number of a value that has none.
func (v Payload) String() string { return nameOf(v, "Payload", payloadNames) }

var payloadNames = map[Payload]string{
	PayloadNone:                "None",
	PayloadNonStandard:         "NonStandard",
	PayloadG711ALaw64k:         "G711ALaw64k",
	PayloadG711ALaw56k:         "G711ALaw56k",
	PayloadG711ULaw64k:         "G711ULaw64k",
	PayloadG711ULaw56k:         "G711ULaw56k",
	PayloadG722At64k:           "G722At64k",
	PayloadG722At56k:           "G722At56k",
	PayloadG722At48k:           "G722At48k",
	PayloadG7231:               "G7231",
	PayloadG728:                "G728",
	PayloadG729:                "G729",
	PayloadG729A:               "G729A",
	PayloadIS11172:             "IS11172",
	PayloadIS13818:             "IS13818",
	PayloadG729B:               "G729B",
	PayloadG729AB:              "G729AB",
	PayloadGSMFullRate:         "GSMFullRate",
	PayloadGSMHalfRate:         "GSMHalfRate",
	PayloadGSMEnhancedFullRate: "GSMEnhancedFullRate",
	PayloadWideband256k:        "Wideband256k",
	PayloadData64:              "Data64",
	PayloadData56:              "Data56",
	PayloadG7221At32k:          "G7221At32k",
	PayloadG7221At24k:          "G7221At24k",
	PayloadAAC:                 "AAC",
	PayloadMP4ALATM128:         "MP4ALATM128",
	PayloadMP4ALATM64:          "MP4ALATM64",
	PayloadMP4ALATM56:          "MP4ALATM56",
	PayloadMP4ALATM48:          "MP4ALATM48",
	PayloadMP4ALATM32:          "MP4ALATM32",
	PayloadMP4ALATM24:          "MP4ALATM24",
	PayloadMP4ALATMNA:          "MP4ALATMNA",
	PayloadGSM:                 "GSM",
	PayloadActiveVoice:         "ActiveVoice",
	PayloadG726At32k:           "G726At32k",
	PayloadG726At24k:           "G726At24k",
	PayloadG726At16k:           "G726At16k",
	PayloadG729AnnexB:          "G729AnnexB",
	PayloadILBC:                "ILBC",
	PayloadISAC:                "ISAC",
	PayloadOPUS:                "OPUS",
	PayloadAMR:                 "AMR",
	PayloadAMRWB:               "AMRWB",
	PayloadH261:                "H261",
	PayloadH263:                "H263",
	PayloadVieo:                "Vieo",
	PayloadH264:                "H264",
	PayloadH264SVC:             "H264SVC",
	PayloadT120:                "T120",
	PayloadH224:                "H224",
	PayloadT38Fax:              "T38Fax",
	PayloadTOTE:                "TOTE",
	PayloadH265:                "H265",
	PayloadH264UC:              "H264UC",
	PayloadXV150MR711U:         "XV150MR711U",
	PayloadNSEVBD711U:          "NSEVBD711U",
	PayloadXV150MR729A:         "XV150MR729A",
	PayloadNSEVBD729A:          "NSEVBD729A",
	PayloadH264FEC:             "H264FEC",
	PayloadClearChannel:        "ClearChannel",
	PayloadUniversalTranscoder: "UniversalTranscoder",
	PayloadRFC2833Dynamic:      "RFC2833Dynamic",
	PayloadPassThrough:         "PassThrough",
	PayloadDynamicPassThrough:  "DynamicPassThrough",
	PayloadDTMFOutOfBand:       "DTMFOutOfBand",
	PayloadDTMFInBandRFC2833:   "DTMFInBandRFC2833",
	PayloadConferenceTones:     "ConferenceTones",
	PayloadNoAudio:             "NoAudio",
	PayloadV150ModemRelay:      "V150ModemRelay",
	PayloadV150SPRT:            "V150SPRT",
	PayloadV150SSE:             "V150SSE",
}
