// The kernels' sources, compiled on the machine that runs them.

#include <string.h>

#include "CSparrowCUDA.h"

static const char kernel_arguments[] = {
#embed "include/kernel_arguments.h" suffix(, 0)
};
static const char block_formats[] = {
#embed "include/block_formats.h" suffix(, 0)
};
static const char warp[] = {
#embed "kernels/warp.cuh" suffix(, 0)
};
static const char prepare[] = {
#embed "kernels/prepare.cuh" suffix(, 0)
};
static const char ring[] = {
#embed "kernels/ring.cuh" suffix(, 0)
};
static const char products[] = {
#embed "kernels/products.cuh" suffix(, 0)
};
static const char lines[] = {
#embed "kernels/lines.cuh" suffix(, 0)
};
static const char rows[] = {
#embed "kernels/rows.cu" suffix(, 0)
};
static const char cache[] = {
#embed "kernels/cache.cuh" suffix(, 0)
};
static const char attention_parts[] = {
#embed "kernels/attention.cuh" suffix(, 0)
};
static const char attend_rows[] = {
#embed "kernels/attend_rows.cu" suffix(, 0)
};
static const char attention[] = {
#embed "kernels/attention.cu" suffix(, 0)
};
static const char multiply_parts[] = {
#embed "kernels/multiply.cuh" suffix(, 0)
};
static const char multiply[] = {
#embed "kernels/multiply.cu" suffix(, 0)
};
static const char copies[] = {
#embed "kernels/copies.cuh" suffix(, 0)
};
static const char multiply_many[] = {
#embed "kernels/multiply_many.cu" suffix(, 0)
};
static const char staged[] = {
#embed "kernels/staged.cu" suffix(, 0)
};
static const char multiply_floats[] = {
#embed "kernels/multiply_floats.cu" suffix(, 0)
};
static const char bandwidth[] = {
#embed "kernels/bandwidth.cu" suffix(, 0)
};
static const char sparse_arguments[] = {
#embed "include/sparse_arguments.h" suffix(, 0)
};
static const char gather[] = {
#embed "kernels/gather.cuh" suffix(, 0)
};
static const char transpose[] = {
#embed "kernels/transpose.cu" suffix(, 0)
};
static const char cut[] = {
#embed "kernels/cut.cuh" suffix(, 0)
};
static const char best[] = {
#embed "kernels/best.cu" suffix(, 0)
};
static const char select[] = {
#embed "kernels/select.cu" suffix(, 0)
};
static const char neurons[] = {
#embed "kernels/neurons.cu" suffix(, 0)
};
static const char chosen[] = {
#embed "kernels/chosen.cuh" suffix(, 0)
};
static const char neurons_floats[] = {
#embed "kernels/neurons_floats.cu" suffix(, 0)
};
static const char sizes[] = {
#embed "kernels/sizes.cu" suffix(, 0)
};
static const char columns[] = {
#embed "kernels/columns.cu" suffix(, 0)
};
static const char sketch[] = {
#embed "kernels/sketch.cu" suffix(, 0)
};
static const char search[] = {
#embed "kernels/search.cu" suffix(, 0)
};
static const char heads[] = {
#embed "kernels/heads.cu" suffix(, 0)
};
static const char step_arguments[] = {
#embed "include/step_arguments.h" suffix(, 0)
};
static const char step_memory[] = {
#embed "kernels/step_memory.cuh" suffix(, 0)
};
static const char step_columns[] = {
#embed "kernels/step_columns.cuh" suffix(, 0)
};
static const char step[] = {
#embed "kernels/step.cuh" suffix(, 0)
};
static const char step_floats[] = {
#embed "kernels/step_floats.cuh" suffix(, 0)
};
static const char step_blocks[] = {
#embed "kernels/step_blocks.cuh" suffix(, 0)
};
static const char step_down[] = {
#embed "kernels/step_down.cuh" suffix(, 0)
};
static const char step_rows[] = {
#embed "kernels/step_rows.cuh" suffix(, 0)
};
static const char step_predict[] = {
#embed "kernels/step_predict.cuh" suffix(, 0)
};
static const char step_sketch[] = {
#embed "kernels/step_sketch.cuh" suffix(, 0)
};
static const char step_attend[] = {
#embed "kernels/step_attend.cuh" suffix(, 0)
};
static const char step_output[] = {
#embed "kernels/step_output.cuh" suffix(, 0)
};
static const char step_network[] = {
#embed "kernels/step_network.cuh" suffix(, 0)
};
static const char step_kernel[] = {
#embed "kernels/step.cu" suffix(, 0)
};
static const char lean_arguments[] = {
#embed "include/lean_arguments.h" suffix(, 0)
};
static const char lean_memory[] = {
#embed "kernels/lean.cuh" suffix(, 0)
};
static const char lean_phases[] = {
#embed "kernels/lean_phases.cuh" suffix(, 0)
};
static const char lean_heads[] = {
#embed "kernels/lean_heads.cuh" suffix(, 0)
};
static const char lean[] = {
#embed "kernels/lean.cu" suffix(, 0)
};
static const char random_kernel[] = {
#embed "kernels/random.cu" suffix(, 0)
};

static const struct {
  const char *name, *text;
} parts[] = {
  {"kernel_arguments.h", kernel_arguments},
  {"block_formats.h", block_formats},
  {"warp.cuh", warp},
  {"prepare.cuh", prepare},
  {"ring.cuh", ring},
  {"products.cuh", products},
  {"lines.cuh", lines},
  {"rows.cu", rows},
  {"cache.cuh", cache},
  {"attention.cuh", attention_parts},
  {"attention.cu", attention},
  {"attend_rows.cu", attend_rows},
  {"copies.cuh", copies},
  {"multiply.cuh", multiply_parts},
  {"multiply.cu", multiply},
  {"multiply_many.cu", multiply_many},
  {"staged.cu", staged},
  {"multiply_floats.cu", multiply_floats},
  {"bandwidth.cu", bandwidth},
  {"sparse_arguments.h", sparse_arguments},
  {"gather.cuh", gather},
  {"transpose.cu", transpose},
  {"cut.cuh", cut},
  {"best.cu", best},
  {"select.cu", select},
  {"neurons.cu", neurons},
  {"chosen.cuh", chosen},
  {"neurons_floats.cu", neurons_floats},
  {"sizes.cu", sizes},
  {"columns.cu", columns},
  {"sketch.cu", sketch},
  {"search.cu", search},
  {"heads.cu", heads},
  {"step_arguments.h", step_arguments},
  {"step_memory.cuh", step_memory},
  {"step_columns.cuh", step_columns},
  {"step.cuh", step},
  {"step_floats.cuh", step_floats},
  {"step_blocks.cuh", step_blocks},
  {"step_down.cuh", step_down},
  {"step_rows.cuh", step_rows},
  {"step_predict.cuh", step_predict},
  {"step_sketch.cuh", step_sketch},
  {"step_attend.cuh", step_attend},
  {"step_output.cuh", step_output},
  {"step_network.cuh", step_network},
  {"step.cu", step_kernel},
  {"lean_arguments.h", lean_arguments},
  {"lean.cuh", lean_memory},
  {"lean_phases.cuh", lean_phases},
  {"lean_heads.cuh", lean_heads},
  {"lean.cu", lean},
  {"random.cu", random_kernel},
};

const char *scu_source(const char *name) {
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    if (strcmp(parts[i].name, name) == 0) return parts[i].text;
  return 0;
}
