/** W1: PES on influence balancing, 1000 pairs, one inner step per update, never reset. */
import { type Executor, type Problem, type Setup, type Tensor, defineProblem, np, pes, sgd } from "unspool";
import { influenceMatrix, influenceSigns } from "./data.ts";
import type { Workload } from "./table.ts";

interface Theta {
  theta: Tensor;
}

interface State {
  s: Tensor;
  matrix?: Tensor;
}

export function influence(workload: Workload, executor?: Executor): Setup {
  const estimator = pes(problem(workload.matrix!), {
    sigma: 0.1,
    pairs: 1000,
    truncation: 1,
    objective: "sum",
    ...(executor && { executor }),
  });
  return {
    theta: { theta: np.array(0.5, { dtype: "float32" }) },
    estimator,
    optimizer: sgd({ learningRate: 1e-4 }),
    steps: workload.restartEvery,
  } as Setup;
}

/**
 * The matrix is a constant of the trace with 484 zeros, which a compiler may leave out; the same with tiny numbers for
 * the zeros; or part of the state, so that each particle has its own.
 */
function problem(form: "constant" | "full" | "state"): Problem<Theta, State, undefined> {
  const constant = np.array(influenceMatrix(form === "full" ? 1e-12 : 0), { shape: [23, 23] });
  const signs = np.array(influenceSigns);
  return defineProblem({
    name: "influence",
    horizon: Infinity,
    init: (): State => ({ s: np.ones([23]), ...(form === "state" && { matrix: constant }) }),
    step({ theta }: Theta, state) {
      const { s, matrix = constant } = state;
      const next = np.matmul(matrix, s).add(signs.mul(theta));
      const distance = next.slice(0).sub(1);
      return { state: { ...state, s: next }, loss: distance.mul(distance).mul(0.5) };
    },
  });
}
