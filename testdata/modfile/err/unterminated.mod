module m

  require (
	a.example/a v1.0.0
