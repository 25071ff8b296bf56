#pragma once

#include <stddef.h>
#include <stdint.h>

/// The playground: one HTML page that needs nothing but this server. Lives as long as the program.
const uint8_t *sparrow_playground(size_t *length);
