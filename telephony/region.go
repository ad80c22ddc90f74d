package telephony

// Region groups devices for the choice of codecs. MaximumCodec gives the ceiling towards other regions and
// towards itself; it is enough to say it on one side.
type Region struct {
	Name         RegionName           `yaml:"name" json:"name" maxLength:"50" doc:"Name of the region."`
	MaximumCodec map[RegionName]Codec `yaml:"maximumCodec,omitempty" json:"maximumCodec,omitempty" ref:"region" enum:"G729,iLBC,G711,G722,Opus" doc:"Best codec to use with each region (itself included): a ceiling in the order G729, iLBC, G711, G722, Opus."`
}

// Kind implements Object.
func (*Region) Kind() Kind { return KindRegion }

// Key implements Object.
func (r *Region) Key() string { return string(r.Name) }

// MaximumCodec is the ceiling between two regions, in either order. If both sides name one, the
// lower holds. Nil regions count as regions that say nothing; both nil are the same region.
func MaximumCodec(a, b *Region) Codec {
	named := func(from, to *Region) Codec {
		if from == nil || to == nil {
			return ""
		}
		return from.MaximumCodec[to.Name]
	}
	ab, ba := named(a, b), named(b, a)
	switch {
	case ab == "" && ba == "":
		if a == b || (a != nil && b != nil && a.Name == b.Name) {
			return DefaultCodecWithin
		}
		return DefaultCodecBetween
	case ab == "":
		return ba
	case ba == "" || ab.Rank() <= ba.Rank():
		return ab
	default:
		return ba
	}
}
