#include "CSparrowSystem.h"
