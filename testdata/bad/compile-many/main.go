package main

func main() {
	missing1()
	missing2()
	missing3()
	missing4()
	missing5()
	missing6()
	missing7()
	missing8()
	missing9()
	missing10()
	missing11()
	missing12()
	missing13()
	missing14()
}
