package pad

import "testing"

func TestRight(t *testing.T) {
	for word, want := range map[string]string{"a": "a   ", "世": "世  ", "abcd": "abcd"} {
		if got := Right(word, 4); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
