/**
 * Gradients at perturbed thetas by reverse mode, one call per sample and horizon: for thetas too large for forward mode.
 */
import { type Tensor, np, tree } from "../array/index.ts";
import { type ReverseProgram, advance } from "../unroll/index.ts";
import { type SampleRequest, shifted } from "./perturbedSamples.ts";
import { type Point, startPoint, trajectoryKeys } from "./pushforward.ts";

type SampleProgram = ReverseProgram<{ theta: unknown }, object, { key: Tensor }, Point>;

/** Gradients of the objective at theta + eps, [samples, horizons, |theta|]. Cost: forward and backward per horizon. */
export function reverseGradients(request: SampleRequest, eps: Tensor): Float64Array {
  const { theta, key, horizons, samples, objective, isCommon, executor } = request;
  const size = tree.size(theta);
  const keys = trajectoryKeys(key, samples, isCommon).data;
  const kept = new Float64Array(samples * horizons.length * size);
  for (const [h, horizon] of horizons.entries()) {
    const program = sampleProgram(request, horizon);
    const scale = objective === "mean" ? 1 / horizon : 1;
    for (let i = 0; i < samples; i++) {
      const shift = np.array(Float64Array.from(eps.data.subarray(i * size, (i + 1) * size)));
      const unit = { key: np.array(keys.slice(2 * i, 2 * i + 2), { shape: [1, 2] }) };
      const result = executor.reverse(program, "sqrt", { theta: shifted(theta, shift) }, {}, unit);
      const gradient = tree.flatten(result.gradient).map((value) => value * scale);
      kept.set(gradient, (i * horizons.length + h) * size);
    }
  }
  return kept;
}

function sampleProgram({ problem, objective }: SampleRequest, length: number): SampleProgram {
  return {
    name: "reverseGradients",
    length,
    begin: ({ theta }, _shared, { key }) => startPoint(problem, theta, key),
    step({ theta }, _shared, { state, t, key }) {
      const next = advance(problem, theta, state, t, key);
      const loss = next.loss.astype("float64");
      const isCounted = objective === "last" ? t.equal(length - 1) : undefined;
      return {
        carry: { state: next.state, t: t.add(1), key },
        loss: isCounted === undefined ? loss : np.where(isCounted, loss, np.zeros([], { dtype: "float64" })),
      };
    },
  };
}
