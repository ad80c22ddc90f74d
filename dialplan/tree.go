package dialplan

import (
	"cmp"
	"math/bits"
	"slices"
)

// node is a place in the tree of one partition. Nodes are immutable once their plan is published.
type node struct {
	owner *edit
	lits  uint32   // symbols that have an edge of their own
	below toneBits // what forms exist behind the edges
	kids  []*node  // ends of these edges, in the order of the bits
	sets  []setEdge
	ends  []*form // forms without repetition that are complete here
	tails []tail  // forms whose repetition begins here
}

// setEdge is taken by each symbol of a set of two or more.
type setEdge struct {
	set symbolSet
	to  *node
}

// tail is the remainder of a form from its first repeatable element on.
type tail struct {
	form *form
	auto *automaton
}

// toneBits says which kinds of patterns there are among some forms: outside dial tone is due when only tonal ones are left.
type toneBits uint8

const (
	silentForms toneBits = 1 << iota
	tonalForms
)

func (f *form) tone() toneBits {
	if f.pattern.OutsideDialTone {
		return tonalForms
	}
	return silentForms
}

func (n *node) empty() bool {
	return n.lits == 0 && len(n.sets) == 0 && len(n.ends) == 0 && len(n.tails) == 0
}

// forms says what exists at n or behind it.
func (n *node) forms() toneBits {
	t := n.below
	for _, f := range n.ends {
		t |= f.tone()
	}
	for _, x := range n.tails {
		t |= x.form.tone()
	}
	return t
}

func (n *node) kid(s symbol) *node {
	if n.lits>>s&1 == 0 {
		return nil
	}
	return n.kids[bits.OnesCount32(n.lits&(1<<s-1))]
}

// own returns a node that this edit may change; its slices are still shared.
func (n *node) own(e *edit) *node {
	switch {
	case n == nil:
		return &node{owner: e}
	case n.owner == e:
		return n
	}
	c := *n
	c.owner = e
	return &c
}

// fixedPrefix is the number of elements before the first repeatable one.
func (f *form) fixedPrefix() int {
	for i, e := range f.elems {
		if !e.plain() {
			return i
		}
	}
	return len(f.elems)
}

// insert returns n with the form whose elements from depth on are still to come.
func (n *node) insert(e *edit, f *form, depth, prefix int) *node {
	n = n.own(e)
	if depth == prefix {
		if prefix == len(f.elems) {
			i, _ := slices.BinarySearchFunc(n.ends, f, compareForms)
			n.ends = slices.Insert(slices.Clip(slices.Clone(n.ends)), i, f)
		} else {
			i, _ := slices.BinarySearchFunc(n.tails, f, func(t tail, f *form) int { return compareForms(t.form, f) })
			n.tails = slices.Insert(slices.Clip(slices.Clone(n.tails)), i, tail{f, automatonOf(f.elems[prefix:])})
		}
		return n
	}
	return n.withEdge(e, f.elems[depth].set, func(to *node) *node { return to.insert(e, f, depth+1, prefix) })
}

// remove returns n without the form, or nil if nothing is left.
func (n *node) remove(e *edit, f *form, depth, prefix int) *node {
	if n == nil {
		return nil
	}
	n = n.own(e)
	if depth == prefix {
		n.ends = slices.DeleteFunc(slices.Clone(n.ends), func(g *form) bool { return g == f })
		n.tails = slices.DeleteFunc(slices.Clone(n.tails), func(t tail) bool { return t.form == f })
	} else {
		n = n.withEdge(e, f.elems[depth].set, func(to *node) *node { return to.remove(e, f, depth+1, prefix) })
	}
	if n.empty() {
		return nil
	}
	return n
}

// withEdge replaces the end of an edge by what change makes of it (nil if there is none yet); an edge to nil goes away.
// n belongs to the edit.
func (n *node) withEdge(e *edit, set symbolSet, change func(*node) *node) *node {
	if set.size() == 1 {
		n.changeLiteral(symbol(bits.TrailingZeros32(uint32(set))), change)
	} else {
		n.changeSet(set, change)
	}
	n.below = 0
	for _, k := range n.kids {
		n.below |= k.forms()
	}
	for _, x := range n.sets {
		n.below |= x.to.forms()
	}
	return n
}

func (n *node) changeLiteral(s symbol, change func(*node) *node) {
	i := bits.OnesCount32(n.lits & (1<<s - 1))
	old := n.kid(s)
	to := change(old)
	switch {
	case to == old:
	case old == nil:
		n.kids = slices.Insert(slices.Clip(n.kids), i, to)
		n.lits |= 1 << s
	case to == nil:
		n.kids = slices.Delete(slices.Clone(n.kids), i, i+1)
		n.lits &^= 1 << s
	default:
		n.kids = slices.Clone(n.kids)
		n.kids[i] = to
	}
}

func (n *node) changeSet(set symbolSet, change func(*node) *node) {
	i, found := slices.BinarySearchFunc(n.sets, set, func(x setEdge, s symbolSet) int { return cmp.Compare(x.set, s) })
	var old *node
	if found {
		old = n.sets[i].to
	}
	to := change(old)
	switch {
	case to == old:
	case old == nil:
		n.sets = slices.Insert(slices.Clip(n.sets), i, setEdge{set, to})
	case to == nil:
		n.sets = slices.Delete(slices.Clone(n.sets), i, i+1)
	default:
		n.sets = slices.Clone(n.sets)
		n.sets[i].to = to
	}
}

// compareForms orders forms of one partition that are equally close: those of fixed length first, then by pattern
// identifier, then by their place within the pattern.
func compareForms(a, b *form) int {
	if a.pattern != b.pattern {
		if a.variable != b.variable && min(a.variable, b.variable) == 0 {
			return cmp.Compare(a.variable, b.variable)
		}
		if c := cmp.Compare(a.pattern.ID, b.pattern.ID); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.index, b.index)
}
