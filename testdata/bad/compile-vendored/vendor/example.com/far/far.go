package far

func Far() int { return "far" }
