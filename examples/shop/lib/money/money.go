// Package money counts amounts in the smallest unit of their currency.
package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

//go:generate go run golang.org/x/tools/cmd/stringer@v0.52.0 -type=Currency

// A Currency is one the shop trades in.
type Currency int

// The currencies of the shop.
const (
	EUR Currency = iota
	USD
	JPY
)

// Currencies lists them all.
func Currencies() []Currency { return []Currency{EUR, USD, JPY} }

// ParseCurrency is the inverse of Currency.String.
func ParseCurrency(name string) (Currency, error) {
	for _, c := range Currencies() {
		if c.String() == strings.ToUpper(name) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("money: unknown currency %q", name)
}

// digits is the number of decimals that the currency has.
func (c Currency) digits() int {
	if c == JPY {
		return 0
	}
	return 2
}

// An Amount is a sum of money.
type Amount struct {
	Minor    int64
	Currency Currency
}

// ErrMixed is returned for arithmetic on two currencies.
var ErrMixed = errors.New("money: amounts of different currencies")

// Parse reads a decimal number, "4.50", as an amount.
func Parse(text string, c Currency) (Amount, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > c.digits() {
		return Amount{}, fmt.Errorf("money: %q has too many decimals for %s", text, c)
	}
	if whole == "" {
		return Amount{}, fmt.Errorf("money: %q is not an amount", text)
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", c.digits()-len(fraction)), 10, 64)
	if err != nil {
		return Amount{}, fmt.Errorf("money: %q is not an amount", text)
	}
	return Amount{Minor: minor, Currency: c}, nil
}

// Times is the price of n pieces.
func (a Amount) Times(n int64) Amount { return Amount{Minor: a.Minor * n, Currency: a.Currency} }

// Plus is the sum of two amounts of one currency.
func (a Amount) Plus(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, ErrMixed
	}
	return Amount{Minor: a.Minor + b.Minor, Currency: a.Currency}, nil
}

// String writes it as "13.50 EUR".
func (a Amount) String() string {
	text := strconv.FormatInt(a.Minor, 10)
	if n := a.Currency.digits(); n > 0 {
		sign := ""
		if strings.HasPrefix(text, "-") {
			sign, text = "-", text[1:]
		}
		if len(text) <= n {
			text = strings.Repeat("0", n+1-len(text)) + text
		}
		text = sign + text[:len(text)-n] + "." + text[len(text)-n:]
	}
	return text + " " + a.Currency.String()
}
