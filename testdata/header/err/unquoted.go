package x

import fmt
