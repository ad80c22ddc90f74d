package codec

// Constants of ITU-T G.722. Symmetric tables are stored once and unfolded below.

// mirrorFilter is one half of the symmetric 24-tap filter (table 11).
var mirrorFilter = [12]int{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// decisionLow are the decision levels of the 60-level quantiser; entry 0 is not
// used (table 14, Q6).
var decisionLow = [30]int{0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650,
	714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919}

// levels4 and levels6 are the output levels of the lower band's inverse
// quantisers from the largest to the smallest (table 16, QM4 and QM6).
var (
	levels4 = [7]int{20456, 12896, 8968, 6288, 4240, 2584, 1200}
	levels6 = [30]int{24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000,
		5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136}
)

// steps4 are the logarithmic scale steps of the same seven levels (table 17, WL),
// and stepZero that of the innermost.
var steps4 = [7]int{3042, 1198, 538, 334, 172, 58, -30}

const stepZero = -60

var (
	quantLow4 [16]int // four-bit code to level
	stepLow   [16]int // four-bit code to scale step
	quantLow6 [64]int // six-bit code to level

	quantHigh = [4]int{-7408, -1616, 7408, 1616} // table 18, QM2
	stepHigh  = [4]int{798, -214, 798, -214}     // table 19, WH

	scaleTable [32]int // 2048 * 2^(i/32), table 20, ILB
)

func init() {
	stepLow[0], stepLow[15] = stepZero, stepZero
	for i, level := range levels4 {
		quantLow4[1+i], quantLow4[8+i] = -level, level
		stepLow[1+i], stepLow[8+i] = steps4[i], steps4[i]
	}
	// Codes 0 to 3 do not come from an encoder; the decoder takes them as the
	// smallest negative level, as it does 62 and 63.
	for _, code := range [...]int{0, 1, 2, 3, 62} {
		quantLow6[code] = -136
	}
	for i, level := range levels6 {
		if i < 28 {
			quantLow6[4+i] = -level
		}
		quantLow6[32+i] = level
	}
	quantLow6[62], quantLow6[63] = -432, -136
	scaleTable = [32]int{2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
		2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008}
}
