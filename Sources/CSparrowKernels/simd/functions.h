/// Transcendental functions over the vectors of the instruction set that was included before.
#pragma once

/// e^x with a relative error below 2e-7; 0 below -104, infinity above 89, NaN stays.
///
/// Cephes' expf: x = n ln 2 + r, |r| <= ln 2 / 2, and a polynomial of degree 7 in r; exactly 1 at
/// 0.
SK_INLINE vf v_exp(vf x) {
  x = v_min(v_set1(89), v_max(v_set1(-110), x));
  vf n = v_round(v_mul(x, v_set1(1.44269504f)));
  vf r = v_fnma(n, v_set1(0.693359375f), x);
  r = v_fnma(n, v_set1(-2.12194440e-4f), r);
  vf p = v_fma(r, v_set1(1.9875691500e-4f), v_set1(1.3981999507e-3f));
  p = v_fma(p, r, v_set1(8.3334519073e-3f));
  p = v_fma(p, r, v_set1(4.1665795894e-2f));
  p = v_fma(p, r, v_set1(1.6666665459e-1f));
  p = v_fma(p, r, v_set1(5.0000001201e-1f));
  p = v_fma(p, v_mul(r, r), r);
  return v_scale2(v_add(p, v_set1(1)), n);
}

/// tanh: Cephes' polynomial near 0, where 1 - 2 / (e^2x + 1) would cancel.
SK_INLINE vf v_tanh(vf x) {
  vf size = v_abs(x), z = v_mul(x, x);
  vf p = v_fma(z, v_set1(-5.70498872745e-3f), v_set1(2.06390887954e-2f));
  p = v_fma(p, z, v_set1(-5.37397155531e-2f));
  p = v_fma(p, z, v_set1(1.33314422036e-1f));
  p = v_fma(p, z, v_set1(-3.33332819422e-1f));
  p = v_fma(v_mul(p, z), x, x);
  vf e = v_exp(v_add(size, size));
  vf far = v_sub(v_set1(1), v_div(v_set1(2), v_add(e, v_set1(1))));
  return v_select_less(size, v_set1(0.625f), p, v_with_sign(far, x));
}

/// x / (1 + e^-u): x times the logistic function.
SK_INLINE vf v_gate(vf x, vf u) {
  return v_div(x, v_add(v_set1(1), v_exp(v_sub(v_zero(), u))));
}

/// The normal distribution's share below x, by Abramowitz and Stegun 7.1.26 (error 0.8e-7).
SK_INLINE vf v_normal_share(vf x) {
  vf z = v_mul(v_abs(x), v_set1(0.70710678f));
  vf t = v_div(v_set1(1), v_fma(z, v_set1(0.3275911f), v_set1(1)));
  vf p = v_fma(t, v_set1(0.5f * 1.061405429f), v_set1(0.5f * -1.453152027f));
  p = v_fma(p, t, v_set1(0.5f * 1.421413741f));
  p = v_fma(p, t, v_set1(0.5f * -0.284496736f));
  p = v_fma(p, t, v_set1(0.5f * 0.254829592f));
  vf tail = v_mul(v_mul(p, t), v_exp(v_sub(v_zero(), v_mul(z, z))));
  return v_select_less(x, v_zero(), tail, v_sub(v_set1(1), tail));
}

SK_INLINE vf v_activation(const sk_activation kind, vf x) {
  switch (kind) {
  case SK_RELU: return v_max(v_zero(), x);
  case SK_RELU_SQUARED: return v_mul(v_max(v_zero(), x), v_max(v_zero(), x));
  case SK_SILU: return v_gate(x, x);
  case SK_GELU_ERF: return v_mul(x, v_normal_share(x));
  case SK_SIGMOID: return v_gate(v_set1(1), x);
  case SK_GELU_TANH: {
    const float k = 2 * 0.79788456f;
    vf u = v_mul(x, v_fma(v_mul(x, x), v_set1(k * 0.044715f), v_set1(k)));
    return v_gate(x, u);
  }
  }
  return x;
}
