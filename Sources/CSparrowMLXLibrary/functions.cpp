// Differentiating, compiling and running functions; groups of processes.
#if SPARROW_TRAINING
#include "internal.h"

#include <memory>

namespace {

/// What a C body needs to be called later, and the promise to release it once.
struct Body {
  void *context;
  smx_release release;
  ~Body() {
    if (release) release(context);
  }
};

std::vector<mx::array> run(smx_body body, void *context, const std::vector<mx::array> &in) {
  smx_list_s inputs{in}, outputs;
  if (body(context, &inputs, &outputs)) {
    const char *why = smx_error();
    throw std::runtime_error(why ? why : "the function failed");
  }
  return std::move(outputs.values);
}

smx::Function function(smx_body body, void *context, smx_release release) {
  auto kept = std::make_shared<Body>(context, release);
  return [body, kept](const std::vector<mx::array> &in) { return run(body, kept->context, in); };
}

template <typename Make>
smx_function made(Make make) {
  smx_function result = nullptr;
  smx::attempted([&] { result = new smx_function_s{make()}; });
  return result;
}

std::unique_ptr<mx::distributed::Group> group;

}  // namespace

int smx_value_and_gradient(
    smx_body body, void *context, smx_list in, size_t count, smx_list values,
    smx_list gradients) {
  return smx::attempted([&] {
    std::vector<int> positions(count);
    for (size_t i = 0; i < count; i++) positions[i] = int(i);
    auto both = mx::value_and_grad(
        [&](const std::vector<mx::array> &inputs) { return run(body, context, inputs); },
        positions)(in->values);
    values->values = std::move(both.first);
    gradients->values = std::move(both.second);
  });
}

smx_function smx_compile(smx_body body, void *context, smx_release release) {
  return made([&] { return mx::compile(function(body, context, release)); });
}

smx_function smx_checkpoint(smx_body body, void *context, smx_release release) {
  return made([&] { return mx::checkpoint(function(body, context, release)); });
}

int smx_call(smx_function function, smx_list in, smx_list out) {
  if (!function) return 1;
  return smx::attempted([&] { out->values = function->call(in->values); });
}

void smx_function_free(smx_function function) { delete function; }

int smx_eval(smx_list arrays) {
  return smx::attempted([&] { mx::eval(arrays->values); });
}

int smx_eval_async(smx_list arrays) {
  return smx::attempted([&] { mx::async_eval(arrays->values); });
}

int smx_use_gpu(bool gpu) {
  return smx::attempted([&] {
    mx::set_default_device(gpu ? mx::Device(mx::Device::gpu) : mx::Device(mx::Device::cpu));
  });
}

bool smx_gpu_built(void) { return mx::cu::is_available() || mx::metal::is_available(); }

int smx_gpu_name(char *name, size_t count) {
  return smx::attempted([&] {
    auto facts = mx::device_info(mx::Device(mx::Device::gpu));
    auto found = std::get<std::string>(facts.at("device_name"));
    name[found.copy(name, count - 1)] = 0;
  });
}

bool smx_gpu_available(void) { return mx::is_available(mx::Device(mx::Device::gpu)); }
void smx_set_compiling(bool enabled) { enabled ? mx::enable_compile() : mx::disable_compile(); }

int smx_group_start(bool strict, const char *backend) {
  return smx::attempted([&] {
    group = std::make_unique<mx::distributed::Group>(mx::distributed::init(strict, backend));
  });
}

int smx_group_rank(void) { return group ? group->rank() : 0; }
int smx_group_size(void) { return group ? group->size() : 1; }

smx_array smx_group_sum(smx_array a) {
  if (!a) return nullptr;
  return smx::guarded([&] {
    if (!group) throw std::runtime_error("no group of processes was joined");
    return mx::distributed::all_sum(a->value, *group);
  });
}
#endif
