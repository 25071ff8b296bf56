#include <dlfcn.h>

#include "CSparrowCUDA.h"

/// Libraries stay open: what was made of their calls may be used as long as the process lives.
static const char *fill(const char *library, const char *const *symbols, int count, void **table) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return dlerror();
  for (int i = 0; i < count; i++) {
    table[i] = dlsym(handle, symbols[i]);
    if (!table[i]) return symbols[i];
  }
  return 0;
}

#define SCU_SYMBOL(name, symbol, arguments) symbol,
#define SCU_COUNT(symbols) (int)(sizeof symbols / sizeof symbols[0])

const char *scu_open_driver(const char *library, scu_driver *table) {
  static const char *const symbols[] = {SCU_DRIVER_CALLS(SCU_SYMBOL)};
  return fill(library, symbols, SCU_COUNT(symbols), (void **)table);
}

const char *scu_open_compiler(const char *library, scu_compiler *table) {
  static const char *const symbols[] = {SCU_COMPILER_CALLS(SCU_SYMBOL)};
  return fill(library, symbols, SCU_COUNT(symbols), (void **)table);
}
