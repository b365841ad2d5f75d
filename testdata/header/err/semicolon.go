package x import "fmt"
