/** Controllers of any form as policies: a few named parameters, each within its range, and a function of them. */
import { type Tensor, np, random } from "../../../array/index.ts";
import { OptionError, requireKnownOptions, requireOneOf } from "../../../errors.ts";
import type { Policy } from "../../environments/environment.ts";
import { type ParameterRange, parameterMap, requireRange } from "./parameterMap.ts";

/** Numbers in [-1, 1], one per parameter in the order of their names: [parameters]. */
export type ControllerTheta = { x: Tensor };

export interface TunedControllerOptions<Name extends string> {
  /** Stands in errors and recipes. */
  name: string;
  /** Ranges by name. */
  parameters: { readonly [name in Name]: ParameterRange };
  /** The action for one observation, made of `np` functions; it need not be differentiable. */
  act(parameters: { readonly [name in Name]: Tensor }, observation: Tensor): Tensor;
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export interface TunedController<Name extends string> extends Policy<ControllerTheta> {
  /** The parameters of a theta, as numbers by name. */
  parametersOf(theta: ControllerTheta): { [name in Name]: number };
  /** The theta of parameters. */
  thetaOf(parameters: { readonly [name in Name]: number }): ControllerTheta;
}

/** The same record, which tells of a name that it has not. */
function known<Named extends object>(where: string, parameters: Named): Named {
  return new Proxy(parameters, {
    get(of, name, receiver) {
      if (typeof name === "string") requireOneOf(where, "a parameter", name, Object.keys(of));
      return Reflect.get(of, name, receiver) as unknown;
    },
  });
}

/**
 * A controller whose parameters are trained in [-1, 1], where its first are drawn.
 *
 * @example
 * const policy = tunedController({
 *   name: "PD",
 *   parameters: { kp: { low: 0, high: 10 }, kd: { low: 1e-3, high: 10, scale: "log" } },
 *   act: ({ kp, kd }, s) => kp.mul(s.slice(0)).add(kd.mul(s.slice(1))).neg().reshape([1]),
 * });
 */
export function tunedController<Name extends string>(
  options: TunedControllerOptions<Name>,
): TunedController<Name> {
  const where = "tunedController";
  requireKnownOptions(where, options, ["name", "parameters", "act", "dtype"]);
  const { name, parameters, act, dtype = "float32" } = options;
  if (typeof act !== "function") throw new OptionError(where, "act", act, "a function");
  requireOneOf(where, "dtype", dtype, ["float32", "float64"]);
  const names = Object.keys(parameters) as Name[];
  for (const one of names) requireRange(where, `parameters.${one}`, parameters[one]);
  const map = parameterMap(names.map((one) => parameters[one]));
  const byName = <T>(of: (i: number) => T): { [one in Name]: T } =>
    Object.fromEntries(names.map((one, i) => [one, of(i)])) as { [one in Name]: T };
  return {
    name,
    init: (key) => ({ x: random.uniform(key, [map.size], { minval: -1, maxval: 1, dtype }) }),
    act({ x }, observation) {
      const all = map.parameters(x);
      return act(
        known(
          name,
          byName((i) => all.slice(i)),
        ),
        observation,
      );
    },
    parametersOf({ x }) {
      const all = map.parameters(x).data;
      return byName((i) => all[i]!);
    },
    thetaOf(given) {
      const x = map.numbers(names.map((one) => given[one]));
      return { x: np.array(x, { dtype }) };
    },
  };
}
