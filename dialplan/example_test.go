package dialplan_test

import (
	"fmt"

	"tandem/dialplan"
)

// The lobby may call inside; 88XX reaches the numbers 20XX.
func Example() {
	plan, err := dialplan.New(
		dialplan.Put(dialplan.Pattern{ID: "dn-2001", Partition: "internal", Text: "2001", Target: "line Alice"}),
		dialplan.Put(dialplan.Pattern{ID: "tp-88", Partition: "internal", Text: "88XX", Kind: dialplan.TranslationPattern,
			TranslationCSS: "staff", Called: dialplan.CalledTransform{Mask: "20XX"}}),
		dialplan.SetSearchSpace("lobby", "internal"),
		dialplan.SetSearchSpace("staff", "internal", "pstn"),
	)
	if err != nil {
		fmt.Println(err)
	}
	for _, digits := range []string{"", "88", "8801", "9"} {
		d := plan.Analyze(dialplan.Request{DeviceCSS: "lobby", Digits: digits})
		switch d.Answer {
		case dialplan.MoreDigits:
			fmt.Printf("%q: wait for the next digit\n", digits)
		case dialplan.RouteFound:
			fmt.Printf("%q: ring %s (%s)\n", digits, d.Pattern.Target, d.Called)
		case dialplan.NoRoute:
			fmt.Printf("%q: cause %d, %s\n", digits, d.Cause, d.Reason)
		}
	}
	// Output:
	// "": wait for the next digit
	// "88": wait for the next digit
	// "8801": ring line Alice (2001)
	// "9": cause 1, no pattern within reach matches
}
