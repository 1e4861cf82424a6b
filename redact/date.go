package redact

import "time"

// date is a day of the calendar.
type date struct{ year, month, day int }

// parseDate reads YYYY-MM-DD, alone or at the front of an RFC 3339 instant: of an
// instant the day is that of its own offset.
func parseDate(b []byte) (date, bool) {
	if len(b) < len(time.DateOnly) || b[4] != '-' || b[7] != '-' {
		return date{}, false
	}
	year, ok1 := decimal(b[:4])
	month, ok2 := decimal(b[5:7])
	day, ok3 := decimal(b[8:10])
	d := date{year, month, day}
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return date{}, false
	}
	return d, len(b) == len(time.DateOnly) || clock(b[len(time.DateOnly):])
}

// daysIn returns the length of a month.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// clock reports whether b is the time of an RFC 3339 instant: T09:30:00.5+09:00.
func clock(b []byte) bool {
	if len(b) < len("T00:00:00Z") || b[0] != 'T' || b[3] != ':' || b[6] != ':' || !below(b[1:3], 24) || !below(b[4:6], 60) || !below(b[7:9], 60) {
		return false
	}
	b = b[9:]
	if b[0] == '.' {
		n := 1
		for n < len(b) && digit(b[n]) {
			n++
		}
		if n == 1 {
			return false
		}
		b = b[n:]
	}
	switch {
	case len(b) == 1:
		return b[0] == 'Z'
	case len(b) == len("+00:00"):
		return (b[0] == '+' || b[0] == '-') && b[3] == ':' && below(b[1:3], 24) && below(b[4:6], 60)
	}
	return false
}

func below(b []byte, limit int) bool {
	n, ok := decimal(b)
	return ok && n < limit
}

// decimal reads a few digits and nothing else.
func decimal(b []byte) (n int, ok bool) {
	for _, c := range b {
		if !digit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// ageAt returns the age in whole years of somebody born on d; negative before that day.
// Somebody born on 29 February comes of age on 1 March.
func (d date) ageAt(at time.Time) int {
	year, month, day := at.UTC().Date()
	age := year - d.year
	if int(month) < d.month || int(month) == d.month && day < d.day {
		age--
	}
	return age
}
