package jobs

func Next() int { return 1 }
