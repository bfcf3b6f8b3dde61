/** The few-shot regression of Finn et al. (ICML 2017): sinusoids of random amplitude and phase, of which few points are seen. */
import { type Key, type Tensor, np, random } from "unspool";

export interface Sinusoids {
  /** Points to adapt to, [tasks, points, 1] each. */
  support: { inputs: Tensor; targets: Tensor };
  /** Points that are judged. */
  query: { inputs: Tensor; targets: Tensor };
  /** [tasks]. */
  amplitudes: Tensor;
  phases: Tensor;
}

/** `tasks` sinusoids y = a sin(x - p): a in [0.1, 5], p in [0, pi], x in [-5, 5]. */
export function drawSinusoids(key: Key, tasks: number, points: number): Sinusoids {
  const draw = (name: string, shape: number[], minval: number, maxval: number): Tensor =>
    random.uniform(random.foldIn(key, name), shape, { minval, maxval });
  const amplitudes = draw("amplitudes", [tasks], 0.1, 5);
  const phases = draw("phases", [tasks], 0, Math.PI);
  const part = (name: string) => {
    const inputs = draw(name, [tasks, points, 1], -5, 5);
    const shifted = np.sin(inputs.sub(phases.reshape([tasks, 1, 1])));
    return { inputs, targets: shifted.mul(amplitudes.reshape([tasks, 1, 1])) };
  };
  return { support: part("support"), query: part("query"), amplitudes, phases };
}
