// The C++ side of the C face: handles, and the guard that turns exceptions into the thread's error.
#pragma once

#include "sparrow_mlx.h"

#include <mlx/mlx.h>

#include <exception>
#include <string>
#include <vector>

namespace mx = mlx::core;

struct smx_array_s {
  mx::array value;
};

struct smx_list_s {
  std::vector<mx::array> values;
};

namespace smx {

using Function = std::function<std::vector<mx::array>(const std::vector<mx::array> &)>;

/// Keeps the first message until it is cleared.
void fail(const char *message);

inline mx::Shape shape(const int32_t *sizes, int count) { return mx::Shape(sizes, sizes + count); }
mx::Dtype type(smx_type type);

/// Runs `make`, which gives an mx::array; NULL and the thread's error if it throws.
template <typename Make>
smx_array guarded(Make make) {
  try {
    return new smx_array_s{make()};
  } catch (const std::exception &error) {
    fail(error.what());
  } catch (...) {
    fail("an unknown error in MLX");
  }
  return nullptr;
}

/// Runs `work`; 1 and the thread's error if it throws.
template <typename Work>
int attempted(Work work) {
  try {
    work();
    return 0;
  } catch (const std::exception &error) {
    fail(error.what());
  } catch (...) {
    fail("an unknown error in MLX");
  }
  return 1;
}

}  // namespace smx

struct smx_function_s {
  smx::Function call;
};
