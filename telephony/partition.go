package telephony

// Partition is a set of numbers and patterns that can be reached together.
type Partition struct {
	Name        PartitionName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the partition."`
	Description string        `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"What it holds."`
}

// Kind implements Object.
func (*Partition) Kind() Kind { return KindPartition }

// Key implements Object.
func (p *Partition) Key() string { return string(p.Name) }

// CallingSearchSpace is the ordered list of partitions that a caller can reach. Between equally close
// matches the earlier partition wins. The null partition is always searched, last.
type CallingSearchSpace struct {
	Name        CallingSearchSpaceName `yaml:"name" json:"name" maxLength:"50" doc:"Name of the calling search space."`
	Description string                 `yaml:"description,omitempty" json:"description,omitempty" maxLength:"128" doc:"Who uses it."`
	Partitions  []PartitionName        `yaml:"partitions" json:"partitions" ref:"partition" maxItems:"256" doc:"Partitions in the order in which they are searched."`
}

// Kind implements Object.
func (*CallingSearchSpace) Kind() Kind { return KindCallingSearchSpace }

// Key implements Object.
func (c *CallingSearchSpace) Key() string { return string(c.Name) }
