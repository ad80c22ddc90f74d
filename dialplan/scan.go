package dialplan

// scan looks digits up in the trees of a search space.
type scan struct {
	digits string
	symbol [MaxDigits]symbol

	best   *form
	count  Count
	order  int // place in the search space of the partition that is being searched
	chosen int // the same of best

	open bool     // a longer string could match
	tone toneBits // of all forms that match or could match

	all *[]hit // if set, every form that matches or could match, for explanations
}

// hit is one form that scan met.
type hit struct {
	form  *form
	order int
	match bool // false: needs more digits
}

// set prepares s for digits, which are dialable.
func (s *scan) set(digits string) {
	s.digits = digits
	for i := range len(digits) {
		s.symbol[i] = symbolOf[digits[i]]
	}
}

func (s *scan) match(f *form) {
	s.tone |= f.tone()
	if s.all != nil {
		*s.all = append(*s.all, hit{f, s.order, true})
	}
	c := f.numbers(len(s.digits))
	if s.best == nil || c.Less(s.count) || c == s.count && s.chosen == s.order && compareForms(f, s.best) < 0 {
		s.best, s.count, s.chosen = f, c, s.order
	}
}

func (s *scan) couldMatch(f *form) {
	if len(s.digits) == MaxDigits {
		return
	}
	s.open = true
	s.tone |= f.tone()
	if s.all != nil {
		*s.all = append(*s.all, hit{f, s.order, false})
	}
}

// walk visits n, which the first i digits lead to.
func (s *scan) walk(n *node, i int) {
	for ; ; i++ {
		for t := range n.tails {
			s.tail(&n.tails[t], i)
		}
		if i == len(s.digits) {
			for _, f := range n.ends {
				s.match(f)
			}
			if n.below != 0 && len(s.digits) < MaxDigits {
				s.open = true
				s.tone |= n.below
				if s.all != nil {
					s.listBelow(n)
				}
			}
			return
		}
		x := s.symbol[i]
		for _, e := range n.sets {
			if e.set.has(x) {
				s.walk(e.to, i+1)
			}
		}
		if n = n.kid(x); n == nil {
			return
		}
	}
}

func (s *scan) tail(t *tail, i int) {
	a := t.auto
	states := a.start()
	for ; i < len(s.digits); i++ {
		if states = a.step(states, s.symbol[i]); states == 0 {
			return
		}
	}
	if a.accepts(states) {
		s.match(t.form)
	}
	if a.open(states) {
		s.couldMatch(t.form)
	}
}

func (s *scan) listBelow(n *node) {
	list := func(m *node) {
		for _, f := range m.ends {
			s.couldMatch(f)
		}
		for _, t := range m.tails {
			s.couldMatch(t.form)
		}
		s.listBelow(m)
	}
	for _, k := range n.kids {
		if len(*s.all) > maxHits {
			return
		}
		list(k)
	}
	for _, x := range n.sets {
		if len(*s.all) > maxHits {
			return
		}
		list(x.to)
	}
}
