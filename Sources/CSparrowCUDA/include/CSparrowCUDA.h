/// The calls of NVIDIA's driver, of its run-time compiler and of its matrix library that Sparrow
/// makes, as tables of function pointers that are filled at run time: nothing of a toolkit is
/// needed to build.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "kernel_arguments.h"
#include "lean_arguments.h"
#include "packing.h"
#include "sparse_arguments.h"
#include "step_arguments.h"

typedef struct scu_context_ *scu_context;
typedef struct scu_stream_ *scu_stream;
typedef struct scu_event_ *scu_event;
typedef struct scu_module_ *scu_module;
typedef struct scu_function_ *scu_function;
typedef struct scu_graph_ *scu_graph;
typedef struct scu_graph_exec_ *scu_graph_exec;
typedef uint64_t scu_address;

/// One attribute of a launch, as the driver lays it out.
typedef struct {
  uint32_t id;
  uint32_t pad;
  union {
    char bytes[64];
    int32_t value;
    struct {
      uint32_t x, y, z;
    } cluster;
  } value;
} scu_launch_attribute;

/// Programmatic dependent launch; a cooperative launch; the size of clusters.
enum {
  SCU_LAUNCH_COOPERATIVE = 2,
  SCU_LAUNCH_CLUSTER = 4,
  SCU_LAUNCH_PROGRAMMATIC = 6,
};

typedef struct {
  uint32_t grid_x, grid_y, grid_z;
  uint32_t block_x, block_y, block_z;
  uint32_t shared_bytes;
  scu_stream stream;
  scu_launch_attribute *attributes;
  uint32_t attribute_count;
} scu_launch;

/// `CALL(name, symbol, arguments)`: every call answers with a status, 0 for success.
#define SCU_DRIVER_CALLS(CALL)                                                                     \
  CALL(initialize, "cuInit", (uint32_t flags))                                                     \
  CALL(version, "cuDriverGetVersion", (int32_t * version))                                         \
  CALL(error_name, "cuGetErrorName", (int32_t status, const char **name))                          \
  CALL(error_text, "cuGetErrorString", (int32_t status, const char **text))                        \
  CALL(device_count, "cuDeviceGetCount", (int32_t * count))                                        \
  CALL(device, "cuDeviceGet", (int32_t * device, int32_t ordinal))                                 \
  CALL(device_name, "cuDeviceGetName", (char *name, int32_t length, int32_t device))               \
  CALL(device_memory, "cuDeviceTotalMem_v2", (size_t * bytes, int32_t device))                     \
  CALL(device_attribute, "cuDeviceGetAttribute",                                                   \
       (int32_t * value, int32_t attribute, int32_t device))                                       \
  CALL(retain_context, "cuDevicePrimaryCtxRetain", (scu_context * context, int32_t device))        \
  CALL(release_context, "cuDevicePrimaryCtxRelease_v2", (int32_t device))                          \
  CALL(set_context, "cuCtxSetCurrent", (scu_context context))                                      \
  CALL(memory_info, "cuMemGetInfo_v2", (size_t * free, size_t *total))                             \
  CALL(allocate, "cuMemAlloc_v2", (scu_address * address, size_t bytes))                           \
  CALL(free, "cuMemFree_v2", (scu_address address))                                                \
  CALL(allocate_host, "cuMemHostAlloc", (void **memory, size_t bytes, uint32_t flags))             \
  CALL(free_host, "cuMemFreeHost", (void *memory))                                                 \
  CALL(copy_in, "cuMemcpyHtoDAsync_v2",                                                            \
       (scu_address to, const void *from, size_t bytes, scu_stream stream))                        \
  CALL(copy_out, "cuMemcpyDtoHAsync_v2",                                                           \
       (void *to, scu_address from, size_t bytes, scu_stream stream))                              \
  CALL(copy_over, "cuMemcpyDtoDAsync_v2",                                                          \
       (scu_address to, scu_address from, size_t bytes, scu_stream stream))                        \
  CALL(fill_bytes, "cuMemsetD8Async",                                                              \
       (scu_address to, uint8_t value, size_t count, scu_stream stream))                           \
  CALL(fill_words, "cuMemsetD32Async",                                                             \
       (scu_address to, uint32_t value, size_t count, scu_stream stream))                          \
  CALL(make_stream, "cuStreamCreate", (scu_stream * stream, uint32_t flags))                       \
  CALL(destroy_stream, "cuStreamDestroy_v2", (scu_stream stream))                                  \
  CALL(wait_for_stream, "cuStreamSynchronize", (scu_stream stream))                                \
  CALL(stream_waits, "cuStreamWaitEvent",                                                          \
       (scu_stream stream, scu_event event, uint32_t flags))                                       \
  CALL(begin_capture, "cuStreamBeginCapture_v2", (scu_stream stream, uint32_t mode))               \
  CALL(end_capture, "cuStreamEndCapture", (scu_stream stream, scu_graph *graph))                   \
  CALL(instantiate, "cuGraphInstantiateWithFlags",                                                 \
       (scu_graph_exec * exec, scu_graph graph, uint64_t flags))                                   \
  CALL(launch_graph, "cuGraphLaunch", (scu_graph_exec exec, scu_stream stream))                    \
  CALL(destroy_exec, "cuGraphExecDestroy", (scu_graph_exec exec))                                  \
  CALL(destroy_graph, "cuGraphDestroy", (scu_graph graph))                                         \
  CALL(make_event, "cuEventCreate", (scu_event * event, uint32_t flags))                           \
  CALL(record, "cuEventRecord", (scu_event event, scu_stream stream))                              \
  CALL(wait_for_event, "cuEventSynchronize", (scu_event event))                                    \
  CALL(elapsed, "cuEventElapsedTime",                                                           \
       (float *milliseconds, scu_event start, scu_event end))                                      \
  CALL(destroy_event, "cuEventDestroy_v2", (scu_event event))                                      \
  CALL(load_module, "cuModuleLoadData", (scu_module * module, const void *image))                  \
  CALL(unload_module, "cuModuleUnload", (scu_module module))                                       \
  CALL(function, "cuModuleGetFunction",                                                            \
       (scu_function * function, scu_module module, const char *name))                             \
  CALL(set_attribute, "cuFuncSetAttribute",                                                        \
       (scu_function function, int32_t attribute, int32_t value))                                  \
  CALL(get_attribute, "cuFuncGetAttribute",                                                        \
       (int32_t * value, int32_t attribute, scu_function function))                                \
  CALL(launch, "cuLaunchKernelEx",                                                                 \
       (const scu_launch *launch, scu_function function, void **parameters, void **extra))

/// The run-time compiler's calls.
typedef struct scu_program_ *scu_program;
#define SCU_COMPILER_CALLS(CALL)                                                                   \
  CALL(version, "nvrtcVersion", (int32_t * major, int32_t *minor))                                 \
  CALL(make, "nvrtcCreateProgram",                                                                 \
       (scu_program * program, const char *source, const char *name, int32_t header_count,         \
        const char *const *headers, const char *const *header_names))                              \
  CALL(compile, "nvrtcCompileProgram",                                                             \
       (scu_program program, int32_t option_count, const char *const *options))                    \
  CALL(log_bytes, "nvrtcGetProgramLogSize", (scu_program program, size_t *bytes))                  \
  CALL(log, "nvrtcGetProgramLog", (scu_program program, char *log))                                \
  CALL(image_bytes, "nvrtcGetCUBINSize", (scu_program program, size_t *bytes))                     \
  CALL(image, "nvrtcGetCUBIN", (scu_program program, char *image))                                 \
  CALL(destroy, "nvrtcDestroyProgram", (scu_program * program))

#define SCU_MEMBER(name, symbol, arguments) int32_t(*name) arguments;
typedef struct {
  SCU_DRIVER_CALLS(SCU_MEMBER)
} scu_driver;
typedef struct {
  SCU_COMPILER_CALLS(SCU_MEMBER)
} scu_compiler;
#undef SCU_MEMBER

/// Fills a table from a library, opened by name or path. NULL where that works, else a text that
/// says what failed: the loader's message, or a missing symbol's name. Valid until this thread's
/// next call.
const char *scu_open_driver(const char *library, scu_driver *table);
const char *scu_open_compiler(const char *library, scu_compiler *table);

/// The text of a kernel file, or of a part that kernel files share, by its name, such as `rows.cu`;
/// NULL for one that is not there. Lives as long as the program.
const char *scu_source(const char *name);
