/**
 * Rules of the field as component systems: known answers for the analysis, and company for what it says of learned
 * optimizers. Without corrections for a start at 0, which would make them depend on time.
 */
import { OptionError, requirePositive, requireKnownOptions } from "../../errors.ts";
import type { ComponentSystem } from "./componentSystem.ts";

export interface MomentumSystemOptions {
  learningRate: number;
  /** Part of the velocity that is kept. */
  momentum: number;
  /** Gradients are clipped to this size first. Default Infinity. */
  clip?: number;
}

/** v ← b v + clip(g), change -a v: one mode (a, b), and saturation beyond the clip. */
export function momentumSystem(options: MomentumSystemOptions): ComponentSystem {
  requireKnownOptions("momentumSystem", options, ["learningRate", "momentum", "clip"]);
  const { learningRate: a, momentum: b, clip = Infinity } = options;
  requirePositive("momentumSystem", "learningRate", a);
  requireDecay("momentumSystem", "momentum", b);
  return {
    name: clip === Infinity ? "momentum" : "clipped momentum",
    size: 1,
    start: Float64Array.of(0),
    step: (g, [v]) => Float64Array.of(b * v! + Math.min(clip, Math.max(-clip, g))),
    readout: ([v]) => -a * v!,
  };
}

/** v ← b v + g, change -a (b v + g): a mode (a b, b), and a part a without memory. */
export function nesterovSystem(options: Omit<MomentumSystemOptions, "clip">): ComponentSystem {
  requireKnownOptions("nesterovSystem", options, ["learningRate", "momentum"]);
  const { learningRate: a, momentum: b } = options;
  requirePositive("nesterovSystem", "learningRate", a);
  requireDecay("nesterovSystem", "momentum", b);
  return {
    name: "nesterov",
    size: 1,
    start: Float64Array.of(0),
    step: (g, [v]) => Float64Array.of(b * v! + g),
    readout: ([v], g) => -a * (b * v! + g),
  };
}

export interface RmspropSystemOptions {
  learningRate: number;
  /** Part of the mean square that is kept. Default 0.9. */
  decay?: number;
  /** Within the root. Default 1e-5. */
  eps?: number;
}

/** m ← b m + (1 - b) g², change -a g / √(m + eps): rests at m = g², where the slope is a / √(b g² + eps). */
export function rmspropSystem(options: RmspropSystemOptions): ComponentSystem {
  requireKnownOptions("rmspropSystem", options, ["learningRate", "decay", "eps"]);
  const { learningRate: a, decay: b = 0.9, eps = 1e-5 } = options;
  requirePositive("rmspropSystem", "learningRate", a);
  requireDecay("rmspropSystem", "decay", b);
  requirePositive("rmspropSystem", "eps", eps);
  return {
    name: "rmsprop",
    size: 1,
    start: Float64Array.of(0),
    step: (g, [m]) => Float64Array.of(b * m! + (1 - b) * g * g),
    readout: ([m], g) => (-a * g) / Math.sqrt(m! + eps),
    // Differences around m = 0 would ask for roots of negative numbers.
    derivatives(g, [m]) {
      const inside = b * m! + (1 - b) * g * g + eps;
      return {
        stateJacobian: { size: 1, entries: Float64Array.of(b) },
        inputJacobian: Float64Array.of(2 * (1 - b) * g),
        readWeights: Float64Array.of((a * g) / (2 * inside ** 1.5)),
        direct: -a / Math.sqrt(inside),
      };
    },
  };
}

export interface AdamSystemOptions {
  learningRate: number;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Beside the root. Default 1e-5. */
  eps?: number;
}

/** m ← β1 m + (1 - β1) g, v ← β2 v + (1 - β2) g², change -a m / (√v + eps). */
export function adamSystem(options: AdamSystemOptions): ComponentSystem {
  requireKnownOptions("adamSystem", options, ["learningRate", "beta1", "beta2", "eps"]);
  const { learningRate: a, beta1 = 0.9, beta2 = 0.999, eps = 1e-5 } = options;
  requirePositive("adamSystem", "learningRate", a);
  requireDecay("adamSystem", "beta1", beta1);
  requireDecay("adamSystem", "beta2", beta2);
  requirePositive("adamSystem", "eps", eps);
  return {
    name: "adam",
    size: 2,
    start: Float64Array.of(0, 0),
    step: (g, [m, v]) => Float64Array.of(beta1 * m! + (1 - beta1) * g, beta2 * v! + (1 - beta2) * g * g),
    readout: ([m, v]) => (-a * m!) / (Math.sqrt(v!) + eps),
    derivatives(g, [m, v]) {
      const first = beta1 * m! + (1 - beta1) * g;
      const root = Math.sqrt(beta2 * v! + (1 - beta2) * g * g);
      // The slope at v = 0 is infinite, but for m = 0 the change is 0 whatever v is.
      const bySecond = first === 0 ? 0 : (a * first) / (2 * root * (root + eps) ** 2);
      return {
        stateJacobian: { size: 2, entries: Float64Array.of(beta1, 0, 0, beta2) },
        inputJacobian: Float64Array.of(1 - beta1, 2 * (1 - beta2) * g),
        readWeights: Float64Array.of(-a / (root + eps), bySecond),
        direct: 0,
      };
    },
  };
}

function requireDecay(where: string, option: string, value: number): void {
  if (value >= 0 && value < 1) return;
  throw new OptionError(where, option, value, "a number of at least 0 and below 1");
}
