/**
 * Unbiased online recurrent optimization: RTRL's influence matrix as a random product of rank one,
 * E[s~ theta~^T] = J.
 *
 *     g_t = (dl_t/ds · s~) theta~ + dl_t/dtheta
 *     s~ <- rho_0 (df/ds) s~ + rho_1 nu,   theta~ <- theta~ / rho_0 + nu^T (df/dtheta) / rho_1,   nu in {-1, +1}
 *
 * Tallec and Ollivier, "Unbiased Online Recurrent Optimization", ICLR 2018. The dependence of the initial state on
 * theta is not followed.
 */
import { requireKnownOptions } from "../../errors.ts";
import { type Key, type Tensor, jvp, np, random, tree, vjp } from "../../array/index.ts";
import { type Problem, eraseProblem } from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { cut } from "../es/noise.ts";
import {
  type StepFunction,
  type TangentMethod,
  type TangentState,
  scaled,
  tangentEstimator,
} from "./tangents.ts";
import {
  type FinalDerivativeOptions,
  derivativeOptionNames,
  derivativeSettings,
  withFinal,
} from "./trajectory.ts";

export interface UoroOptions extends FinalDerivativeOptions {
  /** Replaces the random signs nu, a vector of `size` numbers: for tests. */
  signs?: (request: { key: Key; t: Tensor; size: number }) => Tensor;
}

interface RankOne {
  state: Tensor[];
  theta: unknown;
}

/** Keeps the norms of the two factors balanced where one is 0. */
const epsilon = 1e-7;

/**
 * UORO. `truncation` defaults to 1. Cost: per task truncation inner steps with one jvp and two vjps each; one state and
 * one theta.
 */
export function uoro<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: UoroOptions = {},
): GradientEstimator<Theta, TangentState> {
  requireKnownOptions("uoro", options, [...derivativeOptionNames, "signs"]);
  const { signs = randomSigns, ...rest } = options;
  const settings = derivativeSettings("uoro", eraseProblem(problem), { truncation: 1, ...rest }, withFinal);
  return tangentEstimator(settings, rankOne(signs));
}

const randomSigns: NonNullable<UoroOptions["signs"]> = ({ key, t, size }) =>
  random.rademacher(random.foldIn(key, t), [size]);

function rankOne(signs: NonNullable<UoroOptions["signs"]>): TangentMethod {
  return {
    begin: ({ theta }, _task, start) => ({
      state: tree.zerosLike(start(theta)),
      theta: tree.zerosLike(theta),
    }),
    step(step, theta, floats, tangents, key, t) {
      const old = tangents as RankOne;
      const dtype = tree.floatType(theta);
      const [, [moved, lossAlongState]] = jvp(step, [theta, floats], [tree.zerosLike(theta), old.state]);
      const nu = cut(floats, signs({ key, t, size: tree.size(floats) }).astype(dtype)) as Tensor[];
      const pull = pullBack(step, theta, floats, dtype);
      const direct = pull(tree.zerosLike(nu) as Tensor[], 1);
      const drive = pull(nu, 0);
      const rho0 = balance(tree.norm(old.theta), tree.norm(moved));
      const rho1 = balance(tree.norm(drive), tree.norm(nu));
      return {
        tangents: {
          state: tree.add(scaled(moved, rho0), scaled(nu, rho1)),
          theta: tree.add(scaled(old.theta, np.reciprocal(rho0)), scaled(drive, np.reciprocal(rho1))),
        },
        gradient: tree.add(scaled(old.theta, lossAlongState), direct),
      };
    },
  };
}

/** (cotangent of the state, cotangent of the loss) -> cotangent of theta. */
function pullBack(step: StepFunction, theta: unknown, floats: Tensor[], dtype: "float32" | "float64") {
  return (state: Tensor[], loss: number): unknown => {
    const onTheta = (moved: unknown) => step(moved, floats);
    const [, [cotangent]] = vjp(onTheta, [theta], [state, np.full([], loss, { dtype })]) as [
      unknown,
      [unknown],
    ];
    return cotangent;
  };
}

/** sqrt((a + e) / (b + e)). */
function balance(a: Tensor, b: Tensor): Tensor {
  return np.sqrt(a.add(epsilon).div(b.add(epsilon)));
}
