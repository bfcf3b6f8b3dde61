/** Parameters of distributions as tensors of one dtype, checked where their elements are known. */
import { Tensor, np } from "../array/index.ts";
import { OptionError, ShapeError, UnspoolError, nearest, requireRecord } from "../errors.ts";
import type { Parameter } from "./distribution.ts";

export type FloatType = "float32" | "float64";

/** Parameters that were given, and what they are in either float dtype. */
export interface Parameters<Name extends string> {
  /** The widest dtype of the tensors among them; float32 where there is none. */
  readonly dtype: FloatType;
  /** In the dtype of the distribution, or in the wider of it and that of `x`. */
  beside(x?: Tensor): Readonly<Record<Name, Tensor>>;
}

/** What other libraries call parameters, for the hint of an error. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  alpha: ["concentration", "shape", "a"],
  beta: ["rate", "b"],
  concentration0: ["b"],
  concentration1: ["a"],
  cov: ["covariance"],
  covariance_matrix: ["covariance"],
  covarianceMatrix: ["covariance"],
  lam: ["rate"],
  lambda: ["rate"],
  loc: ["mean", "loc"],
  log_scale: ["logSd"],
  logScale: ["logSd"],
  logStd: ["logSd"],
  mu: ["mean", "loc", "rate"],
  nu: ["df"],
  p: ["probs"],
  scale: ["sd", "scale", "rate"],
  scale_diag: ["sd"],
  scale_tril: ["scaleTril"],
  scaleDiag: ["sd"],
  sigma: ["sd", "scale"],
  std: ["sd", "scale"],
  stddev: ["sd", "scale"],
  variance: ["sd", "covariance"],
};

/** What to write for `scale` and `variance`, which are not other names but other quantities. */
const conversions: Readonly<Record<string, string>> = {
  "variance>sd": "sd is its square root.",
  "scale>rate": "rate is 1 / scale.",
};

/** Throws `OptionError` for what is no record of parameters and for a name that is none; says which one is meant. */
export function requireNames(where: string, given: object, names: readonly string[]): void {
  requireRecord(where, given, names);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const meant = synonyms[name]?.find((one) => names.includes(one)) ?? nearest(name, names);
    const hint =
      meant === undefined ? undefined : (conversions[`${name}>${meant}`] ?? `Here it is ${meant}.`);
    const allowed = `one of ${names.map((one) => JSON.stringify(one)).join(", ")}`;
    throw new OptionError(where, "the name of a parameter", name, allowed, hint);
  }
}

/** The name of the one that is given; throws `OptionError` unless it is exactly one of them. */
export function oneOf<Name extends string>(
  where: string,
  given: { readonly [N in Name]?: unknown },
  names: readonly Name[],
): Name {
  const present = names.filter((name) => given[name] !== undefined);
  if (present.length === 1) return present[0]!;
  const what = present.length === 0 ? "none of them" : present;
  throw new OptionError(where, names.join(" or "), what, "given, exactly one of them");
}

/** The parameters as tensors of one float dtype. Throws `OptionError` for one that is missing or no number. */
export function floatParameters<Name extends string>(
  where: string,
  given: Readonly<Record<Name, Parameter>>,
): Parameters<Name> {
  const names = Object.keys(given) as Name[];
  for (const name of names) requireNumbers(where, name, given[name]);
  const dtype = names.some((name) => isWide(given[name])) ? "float64" : "float32";
  const made = new Map<FloatType, Record<Name, Tensor>>();
  const within = (type: FloatType): Record<Name, Tensor> => {
    const known = made.get(type);
    if (known !== undefined) return known;
    const tensors = names.map((name) => [name, asFloat(given[name], type)] as const);
    const record = Object.fromEntries(tensors) as Record<Name, Tensor>;
    made.set(type, record);
    return record;
  };
  return { dtype, beside: (x) => within(x?.dtype === "float64" && !x.isWeak ? "float64" : dtype) };
}

function requireNumbers(where: string, name: string, value: unknown): void {
  const isNumber = typeof value === "number" || typeof value === "boolean" || Array.isArray(value);
  if (isNumber || Tensor.is(value) || ArrayBuffer.isView(value)) return;
  throw new OptionError(where, name, value, "a tensor, a number or nested arrays of numbers");
}

const isWide = (value: Parameter): boolean =>
  Tensor.is(value) ? value.dtype === "float64" && !value.isWeak : value instanceof Float64Array;

const asFloat = (value: Parameter, dtype: FloatType): Tensor =>
  Tensor.is(value) ? strong(value, dtype) : np.array(value, { dtype });

const strong = (x: Tensor, dtype: FloatType): Tensor =>
  x.dtype === dtype && !x.isWeak ? x : x.astype(dtype);

/** Throws `OptionError` for the first element that is not allowed, where elements are known. */
export function requireEvery(
  where: string,
  name: string,
  x: Tensor,
  isAllowed: (value: number) => boolean,
  allowed: string,
): void {
  if (x.isTraced) return;
  const wrong = x.data.find((value) => !isAllowed(value));
  if (wrong !== undefined) throw new OptionError(where, name, wrong, allowed);
}

/** Throws `OptionError` for a parameter that is known and NaN or infinite. */
export function requireFinite(where: string, name: string, x: Tensor): void {
  requireEvery(where, name, x, Number.isFinite, "a finite number");
}

/** Throws `OptionError` where all of a known row [n] of weights are `none`: there is nothing to draw. */
export function requireSome(where: string, name: string, x: Tensor, none: number): void {
  if (x.isTraced) return;
  const n = x.shape.at(-1)!;
  for (let from = 0; from < x.size; from += n) {
    if (x.data.subarray(from, from + n).some((value) => value !== none)) continue;
    throw new OptionError(where, name, none, `above ${none} for at least one of the ${n}`);
  }
}

export const isPositive = (value: number): boolean => value > 0 && value < Infinity;

/** The shape to which all broadcast. */
export function jointShape(where: string, ...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const lengths = shapes.map((shape) => shape[i - rank + shape.length] ?? 1).filter((n) => n !== 1);
    if (new Set(lengths).size > 1) {
      const all = shapes.map((shape) => `[${shape.join(",")}]`).join(" and ");
      throw new ShapeError(where, `shapes ${all} do not broadcast. Each axis needs one length, or 1.`);
    }
    return lengths[0] ?? 1;
  });
}

/** `x` as an operand of a log-density: a float tensor, whose last axes are those of one draw. */
export function requireDraws(where: string, x: unknown, eventShape: readonly number[]): Tensor {
  const value: unknown = typeof x === "number" || Array.isArray(x) ? np.array(x) : x;
  if (!Tensor.is(value)) throw new OptionError(where, "x", x, "a tensor");
  const from = value.ndim - eventShape.length;
  if (from < 0 || eventShape.some((length, i) => value.shape[from + i] !== length)) {
    const wanted = `[..., ${eventShape.join(", ")}]`;
    throw new ShapeError(where, `x must be ${wanted}, one draw in its last axes, got ${value.toString()}.`);
  }
  return value.dtype === "float64" || value.dtype === "float32" ? value : value.astype("float32");
}

/** The whole shape of draws. Throws `OptionError` for a `shape` that is no list of lengths. */
export function drawnShape(
  where: string,
  shape: readonly number[] | undefined,
  ...own: readonly (readonly number[])[]
): number[] {
  const given: unknown = shape ?? [];
  const isList = Array.isArray(given) && given.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!isList) {
    const hint = typeof given === "number" ? `Write [${given}].` : undefined;
    throw new OptionError(`${where}.sample`, "shape", given, "a list of lengths", hint);
  }
  return [...(given as number[]), ...own.flat()];
}

/** `x` under a shape to which it broadcasts. */
export const spread = (x: Tensor, shape: readonly number[]): Tensor =>
  String(x.shape) === String(shape) ? x : np.broadcastTo(x, [...shape]);

/** A distribution has no closed form of something. */
export function noClosedForm(where: string, what: string, instead: string): UnspoolError {
  return new UnspoolError("UNSUPPORTED", `${where}: there is no ${what}. ${instead}`, { where, what });
}

/** The way out for an entropy or a moment. */
export const byDraws = (quantity: string): string =>
  `Estimate it from draws: x = d.sample(key, [1000]), then ${quantity}.`;
