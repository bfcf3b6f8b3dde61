/**
 * Vector expressions over a function builder: an operand is a local or code that pushes one vector, so a formula reads
 * as nested calls and leaves stack code without needless locals. Values used twice are kept in locals, which the end of
 * the formula gives back.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";

export type FloatLanes = "f32x4" | "f64x2";

export interface MathOptions {
  /** Relaxed multiply-add may be used: one instruction and, on hosts with it, one rounding. */
  fma: boolean;
}

/** Emits code that reads vector local `x` (which it does not change) and leaves the result vector on the stack. */
export type UnaryEmitter = (f: FunctionBuilder, x: Local, options: MathOptions) => void;

/** Emits code that reads vector local `x` and leaves two functions of it in new locals. */
export type PairEmitter = (f: FunctionBuilder, x: Local, options: MathOptions) => [Local, Local];

/** A local, or code that pushes one vector. Code is written where it is used, once per use. */
export type Operand = Local | (() => void);

/** A floating-point format and the integer lanes of its width. */
export interface Format {
  int: "i32x4" | "i64x2";
  /** Bits of the stored fraction. */
  fractionBits: number;
  bias: number;
  /** 1.5 * 2^fractionBits: adding it rounds to an integer, which then stands in the low bits. */
  rounder: number;
}

export const formats: Record<FloatLanes, Format> = {
  f32x4: { int: "i32x4", fractionBits: 23, bias: 127, rounder: 1.5 * 2 ** 23 },
  f64x2: { int: "i64x2", fractionBits: 52, bias: 1023, rounder: 1.5 * 2 ** 52 },
};

/** (a * b) + c, by relaxed multiply-add where allowed; leaves it on the stack. */
export function multiplyAdd(
  f: FunctionBuilder,
  type: FloatLanes,
  a: Local,
  b: Local,
  c: Local,
  options: MathOptions,
): void {
  if (options.fma) f.get(a, b, c).op(`${type}.relaxed_madd`);
  else f.get(a, b).op(`${type}.mul`).get(c).op(`${type}.add`);
}

/** Coefficients from which on a polynomial is split. */
const splitFrom = 8;

export class Lanes {
  readonly f: FunctionBuilder;
  readonly type: FloatLanes;
  readonly format: Format;
  readonly #options: MathOptions;
  readonly #kept: Local[] = [];

  constructor(f: FunctionBuilder, type: FloatLanes, options: MathOptions) {
    this.f = f;
    this.type = type;
    this.format = formats[type];
    this.#options = options;
  }

  push(operand: Operand): void {
    if (typeof operand === "number") this.f.get(operand);
    else operand();
  }

  /** Writes the code of an operand now, into a local. */
  keep(operand: Operand): Local {
    this.push(operand);
    const local = this.f.save("v128");
    this.#kept.push(local);
    return local;
  }

  release(): void {
    this.f.release(...this.#kept.splice(0));
  }

  constant(value: number): Local {
    return this.f.constant(this.type, value);
  }

  /** A constant with these bits in every lane; not those of a NaN. */
  bits(value: bigint): Local {
    if (this.type === "f32x4") return this.f.constant("i32x4", Number(BigInt.asIntN(32, value)));
    return this.f.constant("f64x2", new Float64Array(BigInt64Array.of(value).buffer)[0]!);
  }

  /** The bits of a number in this format. */
  bitsOf(value: number): bigint {
    if (this.type === "f32x4") return BigInt(new Int32Array(Float32Array.of(value).buffer)[0]!);
    return new BigInt64Array(Float64Array.of(value).buffer)[0]!;
  }

  /** An instruction by its full name. */
  instruction(name: string, ...operands: Operand[]): Operand {
    return () => {
      for (const operand of operands) this.push(operand);
      this.f.op(name);
    };
  }

  /** An instruction of these float lanes, as `sqrt`. */
  op(name: string, ...operands: Operand[]): Operand {
    return this.instruction(`${this.type}.${name}`, ...operands);
  }

  /** An instruction of the integer lanes of this width, as `sub`. */
  int(name: string, ...operands: Operand[]): Operand {
    return this.instruction(`${this.format.int}.${name}`, ...operands);
  }

  shift(name: "shl" | "shr_s" | "shr_u", value: Operand, by: number): Operand {
    return () => {
      this.push(value);
      this.f.i32(by).op(`${this.format.int}.${name}`);
    };
  }

  add(a: Operand, b: Operand): Operand {
    return this.op("add", a, b);
  }

  sub(a: Operand, b: Operand): Operand {
    return this.op("sub", a, b);
  }

  mul(a: Operand, b: Operand): Operand {
    return this.op("mul", a, b);
  }

  div(a: Operand, b: Operand): Operand {
    return this.op("div", a, b);
  }

  /** (a * b) + c. */
  madd(a: Operand, b: Operand, c: Operand): Operand {
    if (this.#options.fma) return this.op("relaxed_madd", a, b, c);
    return this.add(this.mul(a, b), c);
  }

  /** The smaller one; a NaN in `a` stays, one in `b` is ignored. */
  atMost(a: Operand, b: number): Operand {
    return this.op("pmin", a, this.constant(b));
  }

  /** The larger one; a NaN in `a` stays. */
  atLeast(a: Operand, b: number): Operand {
    return this.op("pmax", a, this.constant(b));
  }

  and(a: Operand, b: Operand): Operand {
    return this.instruction("v128.and", a, b);
  }

  or(a: Operand, b: Operand): Operand {
    return this.instruction("v128.or", a, b);
  }

  xor(a: Operand, b: Operand): Operand {
    return this.instruction("v128.xor", a, b);
  }

  select(mask: Operand, then: Operand, otherwise: Operand): Operand {
    return this.instruction("v128.bitselect", then, otherwise, mask);
  }

  /** `magnitude`, which is not negative or has the sign of `x` already, with the sign of `x`. */
  withSignOf(magnitude: Operand, x: Operand): Operand {
    return this.or(magnitude, this.and(x, this.constant(-0)));
  }

  /**
   * c[0] + c[1] x + c[2] x^2 + ... by Horner's rule; long ones by even and odd powers apart, which are independent chains
   * of half the length.
   */
  polynomial(x: Local, coefficients: readonly number[]): Operand {
    if (coefficients.length < splitFrom) return this.#horner(x, coefficients);
    const square = this.keep(this.mul(x, x));
    const even = this.keep(
      this.#horner(
        square,
        coefficients.filter((_, i) => i % 2 === 0),
      ),
    );
    const odd = this.#horner(
      square,
      coefficients.filter((_, i) => i % 2 === 1),
    );
    return this.madd(odd, x, even);
  }

  #horner(x: Local, coefficients: readonly number[]): Operand {
    return coefficients
      .map((coefficient): Operand => this.constant(coefficient))
      .reduceRight((rest, coefficient) => this.madd(rest, x, coefficient));
  }
}

/** Makes the emitter of a formula. */
export function unary(type: FloatLanes, formula: (v: Lanes, x: Local) => Operand): UnaryEmitter {
  return (f, x, options) => {
    const v = new Lanes(f, type, options);
    v.push(formula(v, x));
    v.release();
  };
}

/** Makes the emitter of two formulas with common parts. */
export function pair(
  type: FloatLanes,
  formulas: (v: Lanes, x: Local) => readonly [Operand, Operand],
): PairEmitter {
  return (f, x, options) => {
    const v = new Lanes(f, type, options);
    const results = formulas(v, x).map((formula) => {
      v.push(formula);
      return f.save("v128");
    }) as [Local, Local];
    v.release();
    return results;
  };
}
