package rules_test

import (
	"testing"
	"time"

	"github.com/modicum-dev/modicum/rules"
)

// A period ends within the month that it reaches, and keeps the time of day.
func TestPeriod(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		period     rules.Period
		from, want string
	}{
		{rules.Period{}, "2026-11-23T10:20:30Z", "2026-11-23T10:20:30Z"},
		{rules.Period{Years: 1}, "2026-11-23T10:20:30Z", "2027-11-23T10:20:30Z"},
		{rules.Period{Months: 1}, "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"},
		{rules.Period{Months: 1}, "2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z"},
		{rules.Period{Years: 1}, "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z"},
		{rules.Period{Months: 14}, "2026-11-30T00:00:00Z", "2028-01-30T00:00:00Z"},
		{rules.Period{Months: 1, Days: 1}, "2026-01-31T00:00:00Z", "2026-03-01T00:00:00Z"},
		{rules.Period{Days: 30}, "2026-01-31T00:00:00Z", "2026-03-02T00:00:00Z"},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.period.After(from).Format(time.RFC3339); got != c.want {
			t.Errorf("%+v after %s: %s, want %s", c.period, c.from, got, c.want)
		}
	}
}
