// Copyright
//go:build arm64

#include "textflag.h"
