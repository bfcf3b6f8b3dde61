/**
 * The earlier network per parameter: six momenta with fixed decays, the gradient and the parameter, each divided by its
 * root mean square over the tensor (Metz, Maheswaranathan, Nixon, Freeman & Sohl-Dickstein, ICML 2019).
 *
 *     (d, a) = MLP(gradient, parameter, 6 momenta, tanh(t / τ - 1) for 11 τ)
 *     p ← p - stepMultiplier · d · exp(expMultiplier · a)
 */
import { type Tensor, type Tree, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, isFloatLeaf, mapFloats, requireGradient, zeros } from "../leaves.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { requireDecays } from "./decays.ts";
import {
  type LearnedOptimizer,
  type NetworkLayer,
  initLayers,
  networkMultiplications,
} from "./learnedOptimizer.ts";
import { normalised, perParameterNetwork, timeFeatureCount, timeFeatures } from "./perParameterNetwork.ts";
import { scaledStep } from "./smallFc.ts";

export interface MlpLoptOptions {
  /** Decays of momenta. Default [0.1,0.5,0.9,0.99,0.999,0.9999]. */
  momentumDecays?: readonly number[];
  /** Units per hidden layer. Default 32. */
  hiddenUnits?: number;
  /** Hidden layers of the network. Default 2. */
  hiddenLayers?: number;
  /** Scale of the exponent a. Default 0.001. */
  expMultiplier?: number;
  /** Scale of the step d. Default 0.001. */
  stepMultiplier?: number;
}

export const mlpLoptDefaults: Required<MlpLoptOptions> = {
  momentumDecays: [0.1, 0.5, 0.9, 0.99, 0.999, 0.9999],
  hiddenUnits: 32,
  hiddenLayers: 2,
  expMultiplier: 0.001,
  stepMultiplier: 0.001,
};

/** The parameters of the optimizer are the network. */
export type MlpLoptMeta = { layers: NetworkLayer[] };

export type MlpLoptState = {
  /** Updates so far: int32 scalar. */
  step: Tensor;
  /** One tree like theta per decay. */
  momenta: Tree[];
};

/** The rival that `smallFc` was made to beat in cost. Cost: 6 numbers of state and 1,696 multiplications per parameter. */
export function mlpLopt(
  options: MlpLoptOptions = {},
): LearnedOptimizer<MlpLoptMeta, MlpLoptState & Skipping> {
  const rule = withDefaults("mlpLopt", options, mlpLoptDefaults);
  const { momentumDecays, hiddenUnits, hiddenLayers } = rule;
  requireDecays("mlpLopt", "momentumDecays", momentumDecays);
  requireInteger("mlpLopt", "hiddenUnits", hiddenUnits, 1);
  requireInteger("mlpLopt", "hiddenLayers", hiddenLayers, 1);
  const inputs = 2 + momentumDecays.length + timeFeatureCount;
  const sizes = [inputs, ...Array.from({ length: hiddenLayers }, () => hiddenUnits), 2];
  return {
    name: "mlpLopt",
    multiplications: networkMultiplications(sizes),
    init: (key) => ({ layers: initLayers(key, sizes) }),
    optimizer: (meta) =>
      skipOverflow<MlpLoptState>(
        {
          name: "mlpLopt",
          init: (theta) => ({ step: counter(), momenta: momentumDecays.map(() => zeros(theta)) }),
          update(gradient, state, theta) {
            requireGradient("mlpLopt", theta, gradient, state);
            const momenta = state.momenta.map((momentum, i) =>
              mapFloats(
                (m, g) => m.mul(momentumDecays[i]!).add(g.mul(1 - momentumDecays[i]!)),
                momentum,
                gradient,
              ),
            );
            const time = timeFeatures(state.step, tree.floatType(meta));
            const next = tree.map(
              (parameter, g, ...ms) => {
                if (!isFloatLeaf(parameter)) return parameter;
                const features = [g!, parameter, ...ms].map(normalised);
                const [d, a] = perParameterNetwork((meta as MlpLoptMeta).layers, features, time) as [
                  Tensor,
                  Tensor,
                ];
                return parameter.sub(scaledStep(d, a, rule.stepMultiplier, rule.expMultiplier));
              },
              theta,
              gradient,
              ...momenta,
            );
            return { theta: next, state: { step: advance(state.step), momenta } };
          },
        },
        { isSummed: true },
      ),
  };
}
