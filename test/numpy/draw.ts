/** Random choices of one case, from its seed and number alone, and the values that its functions may use. */
import type { DType } from "./library.ts";
import { type Input, type Ref, sizeOf } from "./case.ts";

/** Where the elements of a new input lie. */
export type Domain = "real" | "positive" | "unit" | "aboveOne" | "small" | "index" | "label" | "distinct";

export interface Value {
  readonly ref: Ref;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface TensorSpec {
  readonly shape?: readonly number[];
  /** Least and most number of axes, where no shape is given. Default 0 to 3. */
  readonly rank?: readonly [number, number];
  readonly dtypes?: readonly DType[];
  readonly domain?: Domain;
  /** For `index` and `label`: they are below it, and at least its negative, or 0. */
  readonly below?: number;
  /** Least length of an axis. Default 0. */
  readonly least?: number;
}

export interface DrawOptions {
  /** Dtypes of new inputs. */
  readonly dtypes: readonly DType[];
  /** Infinities, NaN, zeros of both signs, tiny and huge numbers among the elements. */
  readonly hasSpecials: boolean;
  /** Lengths of axes: up to 5 with derivatives, else beyond lanes and tiles now and then. */
  readonly isSmall: boolean;
  /** Functions take results of earlier ones. */
  readonly isGraph: boolean;
}

// prettier-ignore
const specials = [0, -0, NaN, Infinity, -Infinity, 1, -1, 0.5, -0.5, 2, 1e-30, -1e-30, 1e30, -1e30, 3e38, 1e-6, -1e-6, 88, -88, 1e5, -1e5];
const integerSpecials: Partial<Record<DType, readonly number[]>> = {
  int32: [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 65536, -65536, 31, 32],
  uint32: [0, 1, 2 ** 32 - 1, 2 ** 31, 65536, 31, 32],
};

export class Draw {
  readonly inputs: Input[] = [];
  /** Inputs and results so far. */
  readonly pool: Value[] = [];
  /** Something was drawn that the rules of promotion refuse. */
  isRefused = false;
  /** How each input was drawn. */
  readonly #sources: { dtype: DType; domain: Domain; below: number; size: number }[] = [];
  #state: number;

  constructor(
    seed: number,
    index: number,
    readonly options: DrawOptions,
  ) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
    for (let i = 0; i < 4; i++) this.uniform();
  }

  /** mulberry32: in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }
  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }
  pick<T>(from: readonly T[]): T {
    return from[this.integer(0, from.length - 1)]!;
  }
  /** The same elements in random order. */
  shuffled<T>(from: readonly T[]): T[] {
    const keyed = from.map((item) => [this.uniform(), item] as const);
    return keyed.toSorted((a, b) => a[0] - b[0]).map(([, item]) => item);
  }

  length(least = 0): number {
    const { isSmall, isGraph } = this.options;
    if (!isSmall && this.chance(isGraph ? 0.05 : 0.1)) return this.pick([8, 9, 16, 17, 33, 64, 67, 130]);
    if (least === 0 && this.chance(0.02)) return 0;
    return this.pick([1, 2, 3, 4, 5, ...(isSmall ? [] : [6, 7])].filter((n) => n >= least));
  }
  shape([least, most]: readonly [number, number] = [0, 3], leastLength = 0): number[] {
    const rank = this.chance(0.1) ? Math.min(most, 4) : this.integer(least, Math.min(most, 3));
    const shape = Array.from({ length: Math.max(rank, least) }, () => this.length(leastLength));
    // At most some thousands of elements, and some tens where derivatives are taken element by element.
    const most_ = this.options.isSmall ? 24 : 4096;
    while (sizeOf(shape) > most_) shape[shape.indexOf(Math.max(...shape))] = Math.max(leastLength, 2);
    return shape;
  }
  /** An axis of `value`, counted from either end. */
  axis({ shape }: Value): number {
    const axis = this.integer(0, shape.length - 1);
    return this.chance(0.4) ? axis - shape.length : axis;
  }
  /** One axis, several, or null for all. */
  axes(value: Value): number | number[] | null {
    if (value.shape.length === 0 || this.chance(0.3)) return null;
    if (this.chance(0.75)) return this.axis(value);
    const all = this.shuffled(value.shape.map((_, i) => i));
    return all.slice(0, this.integer(1, all.length)).map((i) => (this.chance(0.3) ? i - all.length : i));
  }

  /** A value of the pool, or a new input. */
  tensor(spec: TensorSpec = {}): Value {
    const { shape, rank = [0, 4], dtypes, domain = "real", least = 0 } = spec;
    const isTaken = this.options.isGraph && !["index", "label", "distinct"].includes(domain);
    if (isTaken && this.chance(0.85)) {
      const fits = this.pool.filter(
        (value) =>
          (shape === undefined
            ? value.shape.length >= rank[0] &&
              value.shape.length <= rank[1] &&
              value.shape.every((n) => n >= least)
            : String(value.shape) === String(shape)) && (dtypes ?? this.options.dtypes).includes(value.dtype),
      );
      // Late values rather than early ones, so that graphs get deep.
      if (fits.length > 0) return this.chance(0.6) ? fits.at(-1)! : this.pick(fits);
    }
    const possible =
      dtypes === undefined ? this.options.dtypes : this.options.dtypes.filter((d) => dtypes.includes(d));
    const dtype = this.pick(possible.length > 0 ? possible : dtypes!);
    return this.input(dtype, shape ?? this.shape(spec.rank, least), domain, spec.below);
  }

  /** A value that broadcasts with `other`. */
  beside({ shape }: Value, spec: TensorSpec = {}): Value {
    if (this.options.isGraph && this.chance(0.8)) {
      const dtypes = spec.dtypes ?? this.options.dtypes;
      const fits = this.pool.filter(
        (value) =>
          dtypes.includes(value.dtype) && broadcasts(value.shape, shape) && sizeOf(value.shape) < 4096,
      );
      if (fits.length > 0) return this.pick(fits);
    }
    let own = this.chance(0.2) && shape.length < 4 ? [this.length(1), ...shape] : [...shape];
    if (this.chance(0.4)) own = own.slice(this.integer(0, own.length));
    own = own.map((n) => (this.chance(0.2) ? 1 : n === 1 && this.chance(0.3) ? this.length(1) : n));
    if (sizeOf(own) > 4096) own = [...shape];
    return this.tensor({ ...spec, shape: own });
  }

  /** A plain number beside a value of `dtype`. */
  number(dtype: DType): Value {
    const isWhole = this.chance(0.5);
    const value = isWhole ? this.pick([0, 1, 2, 3, -1, -2, 5]) : this.pick([0.5, 1.5, -0.25, 2.5, 0.1, -1.1]);
    return { ref: { number: dtype === "uint32" && isWhole ? Math.abs(value) : value }, shape: [], dtype };
  }

  input(dtype: DType, shape: readonly number[], domain: Domain, below = 1): Value {
    this.#sources[this.inputs.length] = { dtype, domain, below, size: sizeOf(shape) };
    this.inputs.push({ dtype, shape, data: this.again(this.inputs.length) });
    const value = { ref: { input: this.inputs.length - 1 }, shape, dtype };
    this.pool.push(value);
    return value;
  }

  /** Other elements for input `i`. */
  again(i: number): number[] {
    const { dtype, domain, below, size } = this.#sources[i]!;
    return Array.from({ length: size }, (_, k) => this.#element(dtype, domain, below, k));
  }

  #element(dtype: DType, domain: Domain, below: number, i: number): number {
    if (domain === "index") return this.integer(-below, below - 1);
    if (domain === "label") return this.integer(0, below - 1);
    if (dtype === "bool") return this.integer(0, 1);
    const isSpecial = this.options.hasSpecials && domain !== "distinct" && this.chance(0.15);
    if (dtype === "int32" || dtype === "uint32") {
      if (isSpecial && domain === "real") return this.pick(integerSpecials[dtype]!);
      return this.integer(dtype === "int32" && domain === "real" ? -9 : domain === "positive" ? 1 : 0, 9);
    }
    if (isSpecial) return rounded(dtype, this.pick(specials));
    return rounded(dtype, this.#real(domain, i));
  }

  #real(domain: Domain, i: number): number {
    const u = this.uniform();
    if (domain === "positive") return 0.05 + 4 * u * u;
    if (domain === "unit") return 1.96 * u - 0.98;
    if (domain === "aboveOne") return 1.02 + 5 * u;
    if (domain === "small") return 2 * u - 1;
    // No ties, also after what moves them by a tenth.
    if (domain === "distinct") return (((i * 0.618033988749895) % 1) - 0.5) * 8 + 0.01 * u;
    return this.chance(0.15) ? this.integer(-3, 3) : 6 * u - 3;
  }
}

const rounded = (dtype: DType, x: number): number => (dtype === "float32" ? Math.fround(x) : x);

function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.every((n, i) => {
    const m = long[i + long.length - short.length]!;
    return n === m || n === 1 || m === 1;
  });
}
