// Package dialplan is digit analysis: it says what a string of dialled digits means to the one who dialled it.
//
// What lives here: the pattern language, the North American numbering plan behind "@", route filters, partitions and calling
// search spaces, the closest-match rule, translation patterns, calling and called transformations, and the explanation of all
// of that for a person. What does not: timers (the caller runs T302 and asks again with Complete set), phones, lines, ringing,
// route lists' members, storage. A Plan is immutable data; analysing needs no lock, clock, file or goroutine.
//
// # How it works
//
// Every pattern is parsed into elements: "a symbol out of this set", perhaps repeatable, perhaps absent. "@" is not an element
// but a macro: a pattern with "@" becomes one form for each kind of number of the numbering plan (seven digits, 1 + ten
// digits, 011 + country + number ...), narrowed by the route filter. All other patterns have one form.
//
// Each partition is a tree. The fixed elements at the beginning of a form are its path from the root; an edge is a single
// symbol (found by a bit count) or a set such as X (tried if it contains the symbol). A form without repetition ends in a
// node of the tree. A form with repetition hangs its remainder, from the first repeatable element on, on the node that is
// reached before; the remainder is a small non-deterministic automaton whose set of states is the bits of one word, so that a
// digit costs a few instructions however ambiguous the pattern is. A look-up walks all matching branches of the trees
// of the search space; it visits a node at most once and allocates nothing.
//
// A change copies the path from the root to the changed node and shares everything else with the plan before, which stays
// valid: readers that hold it go on undisturbed. So does a look-up in progress while the configuration changes.
//
// # Which pattern wins
//
// The closest match: of the forms that match the dialled digits completely, that one wins which matches the fewest different
// digit strings of the length that was dialled. This number is exact: for forms without repetition the product of the sizes
// of the sets; with one repeatable element the same with this set raised to the power that the length leaves; with more of
// them the strings are counted over the subsets of automaton states, so that a string which fits in two ways counts once.
// Of equals wins the one whose partition comes first in the search space: partitions of the line's calling search space in
// their order, then those of the device's, then the null partition that everybody reaches. Of equals within a partition one
// of fixed length wins over one with repetition; what is left is decided by pattern identifier, so that every server of a
// cluster decides alike.
//
// # When it decides
//
// As long as a longer number could still match, the answer is MoreDigits; MatchNow says that a pattern matches already and
// would be taken when T302 runs out. The answer is RouteFound at once if nothing longer can match, if the winner has
// urgent priority, or if the request says that the digits are Complete. A final "#" which no pattern takes as a digit ends
// dialling in the same way and is dropped. The digits that a translation pattern yields are complete by definition: nothing
// that the user dials could change them any more.
package dialplan
