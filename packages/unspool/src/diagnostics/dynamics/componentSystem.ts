/**
 * A componentwise optimizer as a dynamical system: what the state of one parameter does under its gradient. Everything
 * in this folder works on such systems, whether they are learned or written down. Maheswaranathan, Sussillo, Metz, Sun
 * and Sohl-Dickstein, NeurIPS 2021.
 *
 *     h ← F(g, h),   p ← p + r(h, g)
 */
import { type Tensor, grad, jacobian, np, tree } from "../../array/index.ts";
import type { ComponentwiseOptimizer, ComponentwiseRule } from "../../optimizers/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { SquareMatrix } from "../../numerics/index.ts";

export interface ComponentSystem {
  readonly name: string;
  /** Numbers of state per parameter, n. */
  readonly size: number;
  /** State before the first step, h_0 [n]. */
  readonly start: Float64Array;
  /** F: the next state [n]. */
  step(gradient: number, state: Float64Array): Float64Array;
  /** r: the change of the parameter, from the NEW state and the gradient. */
  readout(state: Float64Array, gradient: number): number;
  /** Derivatives at a gradient and a state; where they are missing, differences stand in. */
  derivatives?(gradient: number, state: Float64Array): StepDerivatives;
  /** False where F or r jumps at g = 0: slopes there need the width of a difference. Default true. */
  readonly isSmooth?: boolean;
}

/** First derivatives of F at (g, h), and of r at (F(g, h), g). */
export interface StepDerivatives {
  /** J_h [n, n]: entry [i, j] is dF_i / dh_j. */
  stateJacobian: SquareMatrix;
  /** J_x = dF / dg, [n]. */
  inputJacobian: Float64Array;
  /** w = dr / dh, [n]. */
  readWeights: Float64Array;
  /** dr / dg at a fixed new state; 0 for optimizers that move by their state alone. */
  direct: number;
}

/**
 * The system of a learned optimizer with parameters `meta`, in float64, with exact derivatives.
 *
 * @example
 * const system = componentSystem(cwRnn({ units: 16 }), run.theta);
 * const [point] = fixedPoints(system, states).distinct;
 */
export function componentSystem<Meta>({ rule }: ComponentwiseOptimizer<Meta>, meta: Meta): ComponentSystem {
  const wide = tree.astype(meta, "float64");
  const { size } = rule;
  const programs = programsOf(rule);
  const tensor = (values: Float64Array | number): Tensor =>
    np.array(typeof values === "number" ? [values] : values, { dtype: "float64" });
  return {
    name: rule.name,
    size,
    start: Float64Array.from(rule.start(wide).data),
    step: (gradient, state) => Float64Array.from(programs.next(wide, tensor(gradient), tensor(state)).data),
    readout: (state, gradient) => programs.readout(wide, tensor(state), tensor(gradient)).data[0]!,
    derivatives(gradient, state) {
      const found = programs.derivatives(wide, tensor(gradient), tensor(state));
      return {
        stateJacobian: { size, entries: Float64Array.from(found.byState.data) },
        inputJacobian: Float64Array.from(found.byInput.data),
        readWeights: Float64Array.from(found.readWeights.data),
        direct: found.direct.data[0]!,
      };
    },
    isSmooth: rule.isSmooth ?? true,
  };
}

interface Programs<Meta> {
  next(meta: Meta, gradient: Tensor, state: Tensor): Tensor;
  readout(meta: Meta, state: Tensor, gradient: Tensor): Tensor;
  derivatives(
    meta: Meta,
    gradient: Tensor,
    state: Tensor,
  ): { byState: Tensor; byInput: Tensor; readWeights: Tensor; direct: Tensor };
}

/** Compiled once per rule: `meta` is an argument. Gradients are [1], states [n]. */
function programsOf<Meta>(rule: ComponentwiseRule<Meta>): Programs<Meta> {
  const known = allPrograms.get(rule);
  if (known !== undefined) return known as Programs<Meta>;
  const { size } = rule;
  const next = (meta: Meta, gradient: Tensor, state: Tensor): Tensor =>
    rule.next(meta, gradient, state.reshape([1, size])).reshape([size]);
  const readout = (meta: Meta, state: Tensor, gradient: Tensor): Tensor =>
    rule.readout(meta, state.reshape([1, size]), gradient);
  const programs: Programs<Meta> = {
    next: compiled(`${rule.name} step`, next),
    readout: compiled(`${rule.name} readout`, readout),
    derivatives: compiled(`${rule.name} derivatives`, (meta: Meta, gradient: Tensor, state: Tensor) => {
      const after = next(meta, gradient, state);
      return {
        byState: jacobian((h: Tensor) => next(meta, gradient, h))(state) as Tensor,
        byInput: (jacobian((g: Tensor) => next(meta, g, state))(gradient) as Tensor).reshape([size]),
        readWeights: grad((h: Tensor) => readout(meta, h, gradient).sum())(after) as Tensor,
        direct: grad((g: Tensor) => readout(meta, after, g).sum())(gradient) as Tensor,
      };
    }),
  };
  allPrograms.set(rule, programs);
  return programs;
}

const allPrograms = new WeakMap<object, unknown>();
