package jobs

func Next() {}
