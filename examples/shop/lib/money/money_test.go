package money

import "testing"

func TestAmounts(t *testing.T) {
	for _, test := range []struct {
		text     string
		currency Currency
		times    int64
		want     string
	}{
		{"4.50", EUR, 3, "13.50 EUR"},
		{"4.5", USD, 1, "4.50 USD"},
		{"0.05", EUR, -1, "-0.05 EUR"},
		{"1200", JPY, 2, "2400 JPY"},
	} {
		a, err := Parse(test.text, test.currency)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Times(test.times).String(); got != test.want {
			t.Errorf("%d x %s %s = %s, want %s", test.times, test.text, test.currency, got, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, text := range []string{"", "x", "1.234", "1.2.3"} {
		if a, err := Parse(text, EUR); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", text, a)
		}
	}
	if _, err := (Amount{1, EUR}).Plus(Amount{1, JPY}); err != ErrMixed {
		t.Errorf("got %v, want %v", err, ErrMixed)
	}
	if _, err := ParseCurrency("XXX"); err == nil {
		t.Error("XXX is a currency")
	}
}
