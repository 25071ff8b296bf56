// Making, reading and combining arrays.
#if SPARROW_TRAINING
#include "internal.h"

#include <cstring>
#include <optional>

namespace {

thread_local std::string message;
thread_local bool failed = false;

std::optional<mx::array> optional(smx_array a) {
  if (a) return a->value;
  return std::nullopt;
}

smx_type type_of(mx::Dtype type) {
  switch (type.val()) {
    case mx::Dtype::Val::bool_: return SMX_BOOL;
    case mx::Dtype::Val::uint16: return SMX_UINT16;
    case mx::Dtype::Val::uint32: return SMX_UINT32;
    case mx::Dtype::Val::int32: return SMX_INT32;
    case mx::Dtype::Val::float16: return SMX_FLOAT16;
    case mx::Dtype::Val::bfloat16: return SMX_BFLOAT16;
    default: return SMX_FLOAT32;
  }
}

}  // namespace

void smx::fail(const char *text) {
  if (failed) return;
  failed = true;
  message = text;
}

mx::Dtype smx::type(smx_type type) {
  switch (type) {
    case SMX_BOOL: return mx::bool_;
    case SMX_UINT16: return mx::uint16;
    case SMX_UINT32: return mx::uint32;
    case SMX_INT32: return mx::int32;
    case SMX_FLOAT16: return mx::float16;
    case SMX_BFLOAT16: return mx::bfloat16;
    case SMX_FLOAT32: return mx::float32;
  }
  return mx::float32;
}

const char *smx_error(void) { return failed ? message.c_str() : nullptr; }
void smx_clear_error(void) { failed = false; }

smx_array smx_from_bytes(const void *data, const int32_t *shape, int dimensions, smx_type type) {
  return smx::guarded([&] {
    auto sizes = smx::shape(shape, dimensions);
    size_t count = 1;
    for (auto size : sizes) count *= size;
    auto element = smx::type(type);
    auto memory = mx::allocator::malloc(count * element.size());
    std::memcpy(memory.buffer().raw_ptr(), data, count * element.size());
    return mx::array(std::move(memory), std::move(sizes), element);
  });
}

smx_array smx_full(const int32_t *shape, int dimensions, float value, smx_type type) {
  return smx::guarded([&] {
    return mx::full(smx::shape(shape, dimensions), mx::array(value), smx::type(type));
  });
}

smx_array smx_range(int32_t start, int32_t stop) {
  return smx::guarded([&] { return mx::arange(start, stop, 1); });
}

void smx_free(smx_array a) { delete a; }
int smx_dimensions(smx_array a) { return a ? int(a->value.ndim()) : 0; }
int32_t smx_size_of(smx_array a, int dimension) { return a ? a->value.shape(dimension) : 0; }
smx_type smx_type_of(smx_array a) { return a ? type_of(a->value.dtype()) : SMX_FLOAT32; }

int smx_read(smx_array a, void *bytes, size_t count) {
  if (!a) return 1;
  return smx::attempted([&] {
    auto dense = mx::contiguous(a->value);
    mx::eval(dense);
    if (dense.nbytes() != count) throw std::runtime_error("reading an array of another size");
    std::memcpy(bytes, dense.data<uint8_t>(), count);
  });
}

smx_list smx_list_new(void) { return new smx_list_s{}; }
void smx_list_free(smx_list list) { delete list; }
void smx_list_append(smx_list list, smx_array a) {
  if (a) list->values.push_back(a->value);
  else smx::fail("an array that does not exist");
}
size_t smx_list_count(smx_list list) { return list->values.size(); }
smx_array smx_list_get(smx_list list, size_t index) { return new smx_array_s{list->values[index]}; }

smx_array smx_unary(smx_unary_operation operation, smx_array a) {
  if (!a) return nullptr;
  const auto &x = a->value;
  return smx::guarded([&] {
    switch (operation) {
      case SMX_ABS: return mx::abs(x);
      case SMX_SQUARE: return mx::square(x);
      case SMX_SQRT: return mx::sqrt(x);
      case SMX_EXP: return mx::exp(x);
      case SMX_TANH: return mx::tanh(x);
      case SMX_ERF: return mx::erf(x);
      case SMX_SIGMOID: return mx::sigmoid(x);
      case SMX_STOP_GRADIENT: return mx::stop_gradient(x);
    }
    throw std::invalid_argument("no such operation");
  });
}

smx_array smx_binary(smx_binary_operation operation, smx_array a, smx_array b) {
  if (!a || !b) return nullptr;
  const auto &x = a->value, &y = b->value;
  return smx::guarded([&] {
    switch (operation) {
      case SMX_ADD: return mx::add(x, y);
      case SMX_SUBTRACT: return mx::subtract(x, y);
      case SMX_MULTIPLY: return mx::multiply(x, y);
      case SMX_DIVIDE: return mx::divide(x, y);
      case SMX_MAXIMUM: return mx::maximum(x, y);
      case SMX_MINIMUM: return mx::minimum(x, y);
      case SMX_POWER: return mx::power(x, y);
      case SMX_LOGADDEXP: return mx::logaddexp(x, y);
      case SMX_GREATER: return mx::greater(x, y);
      case SMX_GREATER_EQUAL: return mx::greater_equal(x, y);
      case SMX_LESS: return mx::less(x, y);
      case SMX_EQUAL: return mx::equal(x, y);
      case SMX_AND: return mx::logical_and(x, y);
      case SMX_OR: return mx::logical_or(x, y);
      case SMX_LEFT_SHIFT: return mx::left_shift(x, y);
      case SMX_MATMUL: return mx::matmul(x, y);
    }
    throw std::invalid_argument("no such operation");
  });
}

smx_array smx_where(smx_array condition, smx_array a, smx_array b) {
  if (!condition || !a || !b) return nullptr;
  return smx::guarded([&] { return mx::where(condition->value, a->value, b->value); });
}

smx_array smx_cast(smx_array a, smx_type type) {
  if (!a) return nullptr;
  return smx::guarded([&] { return mx::astype(a->value, smx::type(type)); });
}

smx_array smx_view(smx_array a, smx_type type) {
  if (!a) return nullptr;
  return smx::guarded([&] { return mx::view(a->value, smx::type(type)); });
}

smx_array smx_reduce(smx_reduction operation, smx_array a, const int *axes, int count, bool keep) {
  if (!a) return nullptr;
  const auto &x = a->value;
  return smx::guarded([&] {
    std::vector<int> over(axes, axes + count);
    if (over.empty()) {
      for (int axis = 0; axis < int(x.ndim()); axis++) over.push_back(axis);
    }
    switch (operation) {
      case SMX_SUM: return mx::sum(x, over, keep);
      case SMX_MEAN: return mx::mean(x, over, keep);
      case SMX_LOGSUMEXP: return mx::logsumexp(x, over, keep);
    }
    throw std::invalid_argument("no such reduction");
  });
}

smx_array smx_softmax(smx_array a, int axis) {
  if (!a) return nullptr;
  return smx::guarded([&] { return mx::softmax(a->value, axis, true); });
}

smx_array smx_reshape(smx_array a, const int32_t *shape, int dimensions) {
  if (!a) return nullptr;
  return smx::guarded([&] { return mx::reshape(a->value, smx::shape(shape, dimensions)); });
}

smx_array smx_transpose(smx_array a, const int *axes, int count) {
  if (!a) return nullptr;
  return smx::guarded([&] {
    return mx::transpose(a->value, std::vector<int>(axes, axes + count));
  });
}

smx_array smx_expand(smx_array a, int axis) {
  if (!a) return nullptr;
  return smx::guarded([&] { return mx::expand_dims(a->value, axis); });
}

smx_array smx_slice(smx_array a, int axis, int32_t start, int32_t stop) {
  if (!a) return nullptr;
  return smx::guarded([&] {
    const auto &x = a->value;
    int at = axis < 0 ? axis + int(x.ndim()) : axis;
    mx::Shape from(x.ndim(), 0), to = x.shape();
    from.at(at) = start;
    to.at(at) = stop;
    return mx::slice(x, from, to);
  });
}

smx_array smx_slice_update(smx_array a, smx_array update, smx_array start, int axis) {
  if (!a || !update || !start) return nullptr;
  return smx::guarded([&] {
    return mx::slice_update(a->value, update->value, mx::reshape(start->value, {1}), {axis});
  });
}

smx_array smx_concatenate(smx_list arrays, int axis) {
  return smx::guarded([&] { return mx::concatenate(arrays->values, axis); });
}

smx_array smx_repeat(smx_array a, int count, int axis) {
  if (!a) return nullptr;
  return smx::guarded([&] { return mx::repeat(a->value, count, axis); });
}

smx_array smx_take(smx_array a, smx_array indices, int axis) {
  if (!a || !indices) return nullptr;
  return smx::guarded([&] { return mx::take(a->value, indices->value, axis); });
}

smx_array smx_rms_norm(smx_array x, smx_array weight, float epsilon) {
  if (!x) return nullptr;
  return smx::guarded([&] { return mx::fast::rms_norm(x->value, optional(weight), epsilon); });
}

smx_array smx_layer_norm(smx_array x, smx_array weight, smx_array bias, float epsilon) {
  if (!x) return nullptr;
  return smx::guarded([&] {
    return mx::fast::layer_norm(x->value, optional(weight), optional(bias), epsilon);
  });
}

smx_array smx_rope(
    smx_array x, int dimensions, bool interleaved, smx_array periods, smx_array offset) {
  if (!x || !periods) return nullptr;
  return smx::guarded([&] {
    const auto &y = x->value;
    const auto &turns = periods->value;
    if (!offset) return mx::fast::rope(y, dimensions, interleaved, std::nullopt, 1.0f, 0, turns);
    return mx::fast::rope(
        y, dimensions, interleaved, std::nullopt, 1.0f, offset->value, turns);
  });
}

smx_array smx_attention(smx_array q, smx_array k, smx_array v, float scale, smx_array mask) {
  if (!q || !k || !v) return nullptr;
  return smx::guarded([&] {
    return mx::fast::scaled_dot_product_attention(
        q->value, k->value, v->value, scale, mask ? "" : "causal", optional(mask));
  });
}

smx_array smx_cross_entropy(smx_array logits, smx_array targets) {
  if (!logits || !targets) return nullptr;
  return smx::guarded([&] { return mx::fast::cross_entropy(logits->value, targets->value); });
}

smx_array smx_random_key(uint64_t seed) {
  return smx::guarded([&] { return mx::random::key(seed); });
}

smx_array smx_random_split(smx_array key, int count) {
  if (!key) return nullptr;
  return smx::guarded([&] { return mx::random::split(key->value, count); });
}

smx_array smx_random_normal(
    const int32_t *shape, int dimensions, smx_type type, smx_array key) {
  if (!key) return nullptr;
  return smx::guarded([&] {
    return mx::random::normal(smx::shape(shape, dimensions), smx::type(type), key->value);
  });
}

smx_array smx_random_categorical(smx_array logits, int axis, smx_array key) {
  if (!logits || !key) return nullptr;
  return smx::guarded([&] { return mx::random::categorical(logits->value, axis, key->value); });
}
#endif
