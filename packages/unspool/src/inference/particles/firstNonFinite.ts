/** Where a sweep went wrong: the first step at which its log-weights are NaN, or all -Infinity. */
import type { Tensor } from "../../array/index.ts";
import { NonFiniteError } from "../../errors.ts";

/** Throws `NonFiniteError` for log-weights [T, K] or [N, T, K], where there is such a step. */
export function throwFirstNonFinite(where: string, logWeights: Tensor): void {
  const shape = logWeights.ndim === 2 ? [1, ...logWeights.shape] : logWeights.shape;
  const [count, steps, particles] = shape as [number, number, number];
  const { data } = logWeights;
  for (let t = 0; t < steps; t++) {
    for (let n = 0; n < count; n++) {
      const row = data.subarray((n * steps + t) * particles, (n * steps + t + 1) * particles);
      const k = row.findIndex((w: number) => Number.isNaN(w) || w === Infinity);
      const isDead = row.every((w: number) => w === -Infinity);
      if (k < 0 && !isDead) continue;
      const of = count === 1 ? "" : ` of series ${n} of the batch`;
      const what = isDead
        ? `no particle explains step ${t}${of}: all weights are 0. A proposal that sees the observation, or more particles, may`
        : `the log-weight of particle ${k} at step ${t}${of} is ${row[k]}. A smaller learning rate, or clipped gradients, may help`;
      const details = { step: t, series: n, ...(k >= 0 && { particle: k }) };
      throw new NonFiniteError(where, `${what}.`, details);
    }
  }
}
