module m
retract latest
retract v1.2
retract [v1,v2]
retract [ v1.0.0 , v1.1.0 ]
retract ""
