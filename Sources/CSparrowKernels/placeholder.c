#include "CSparrowKernels.h"
