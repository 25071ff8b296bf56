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
static const char attention[] = {
#embed "kernels/attention.cu" suffix(, 0)
};
static const char multiply[] = {
#embed "kernels/multiply.cu" suffix(, 0)
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
static const char phases[] = {
#embed "kernels/phases.cu" suffix(, 0)
};
static const char attend_phase[] = {
#embed "kernels/attend_phase.cu" suffix(, 0)
};
static const char attend_predict[] = {
#embed "kernels/attend_predict.cu" suffix(, 0)
};
static const char output_phase[] = {
#embed "kernels/output_phase.cu" suffix(, 0)
};
static const char predict_phase[] = {
#embed "kernels/predict_phase.cu" suffix(, 0)
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
static const char select[] = {
#embed "kernels/select.cu" suffix(, 0)
};
static const char neurons[] = {
#embed "kernels/neurons.cu" suffix(, 0)
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
  {"attention.cu", attention},
  {"multiply.cu", multiply},
  {"staged.cu", staged},
  {"multiply_floats.cu", multiply_floats},
  {"bandwidth.cu", bandwidth},
  {"phases.cu", phases},
  {"attend_phase.cu", attend_phase},
  {"attend_predict.cu", attend_predict},
  {"output_phase.cu", output_phase},
  {"predict_phase.cu", predict_phase},
  {"sparse_arguments.h", sparse_arguments},
  {"gather.cuh", gather},
  {"transpose.cu", transpose},
  {"cut.cuh", cut},
  {"select.cu", select},
  {"neurons.cu", neurons},
  {"columns.cu", columns},
  {"sketch.cu", sketch},
  {"search.cu", search},
  {"heads.cu", heads},
};

const char *scu_source(const char *name) {
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    if (strcmp(parts[i].name, name) == 0) return parts[i].text;
  return 0;
}
