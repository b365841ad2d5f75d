package lib

import "example.com/shop/winsvc"

func Run() { winsvc.Run() }
