/* The header alone is the protocol; SwiftPM wants one source file in a C target. */
#include "vipns_helper.h"
