module m
require (
	a.example/a v1.0.0 // indirect
	a.example/b v1.0.0 //indirect
	a.example/c v1.0.0 // indirect; and a note
	a.example/d v1.0.0 // indirect note
	a.example/e v1.0.0 // a note // indirect
	a.example/f v1.0.0 // indirect ; a note
	a.example/g v1.0.0 //	indirect	
	// indirect
	a.example/h v1.0.0
	a.example/i v1.0.0 // Indirect
)
