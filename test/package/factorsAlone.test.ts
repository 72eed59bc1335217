import {
  add,
  blockDiagonal,
  dampingRatios,
  denseKroneckerFisher,
  eye,
  factorsFrom,
  kron,
  matmul,
  mul,
  read,
  readScalar,
  stream,
  tensor,
  vec,
} from "kronfac";

/* K-FAC's preconditioner for whatever has activations and gradients: there is no network here. */

/** m cases of activations with a 1 appended, as one gets them from elsewhere. */
function activations(m: number, d: number, seed: number) {
  const values = stream(seed).normal(m * d);
  return Array.from({ length: m }, (_, n) => [...values.subarray(n * d, (n + 1) * d), 1]);
}

test("factors of plain ā and g precondition plain gradients by blockDiagonal", async () => {
  const [m, dtype] = [40, "float64"] as const;
  const aBars = [activations(m, 3, 1), activations(m, 2, 2)].map((rows) => tensor(rows, { dtype }));
  const gs = [tensor(stream(3).normal(2 * m), { shape: [m, 2] }), tensor(stream(4).normal(3 * m), { shape: [m, 3] })];
  // The gradients of whatever is optimised: [d_out, d_in + 1].
  const gradient = gs.map((g, i) => mul(matmul(g, aBars[i], { transposeA: true }), 1 / m));

  using factors = factorsFrom(aBars, gs);
  const gamma = 0.1;
  using precondition = blockDiagonal(factors, { gamma });
  const U = precondition(gradient);

  // (A + πγI) ⊗ (G + (γ/π)I) takes every Uᵢ back to the gradient.
  const pi = dampingRatios(factors);
  for (const [i, { A, G }] of factors.diagonal.entries()) {
    const ratio = await readScalar(pi[i]);
    const F = kron(add(A, mul(eye(A.shape[0], A), ratio * gamma)), add(G, mul(eye(G.shape[0], G), gamma / ratio)));
    const u = vec([U[i]]);
    const back = await read(matmul(F, tensor(await read(u), { shape: [u.shape[0], 1] })));
    const expected = await read(vec([gradient[i]]));
    expect(U[i].shape).toEqual(gradient[i].shape);
    back.forEach((value, index) => expect(value).toBeCloseTo(expected[index], 12));
  }
});

test("the moments of all pairs give the dense F̃", async () => {
  const aBars = [
    tensor(activations(9, 1, 1), { dtype: "float64" }),
    tensor(activations(9, 2, 2), { dtype: "float64" }),
  ];
  const gs = [tensor(stream(3).normal(18), { shape: [9, 2] }), tensor(stream(4).normal(9), { shape: [9, 1] })];
  const F = denseKroneckerFisher(factorsFrom(aBars, gs, { pairs: "all" }));
  expect(F.shape).toEqual([7, 7]);
  const values = await read(F);
  for (let i = 0; i < 7; i++) for (let j = 0; j < 7; j++) expect(values[i * 7 + j]).toBeCloseTo(values[j * 7 + i], 14);
});
