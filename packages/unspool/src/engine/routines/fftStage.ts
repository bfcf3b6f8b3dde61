/**
 * A stage of a Fourier transform: n / radix transforms of `radix` elements that are `previous` apart, after their
 * multiplication by twiddle factors. Small ones are unrolled, large ones (prime factors of n) are loops of radix²
 * steps. Sums are in f64; results are rounded to the dtype after each stage.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type View, count, load, repeat, store } from "./scalar.ts";

/** Bytes of a complex number in the table and in scratch: two f64. */
export const complexBytes = 16;
const largestUnrolled = 5;

export interface Stage {
  n: number;
  radix: number;
  /** Product of the radices of the stages before. */
  previous: number;
  inverse: boolean;
  /** What the results are multiplied by. */
  scale: number;
  /** The vector, which is transformed in place. */
  real: View;
  imaginary: View;
  /** Address of the roots of unity, [n, 2] in f64. */
  table: Local;
  /** Address of space for `radix` complex numbers. */
  scratch: Local;
}

/** exp(-2 pi i k / n), or its conjugate; exact where it is 1, -1, i or -i. */
export function root(k: number, n: number, inverse: boolean): [real: number, imaginary: number] {
  // Full turns are 4n of these; what is left of a quarter is at most n, and angles above 45 degrees are mirrored.
  const quarter = Math.floor((4 * k) / n);
  const left = 4 * k - quarter * n;
  const angle = (part: number) => (part * Math.PI) / (2 * n);
  const [x, y] =
    2 * left > n
      ? [Math.sin(angle(n - left)), Math.cos(angle(n - left))]
      : [Math.cos(angle(left)), Math.sin(angle(left))];
  const [real, up] = [
    [x, y],
    [-y, x],
    [-x, -y],
    [y, -x],
  ][quarter % 4] as [number, number];
  return [real, inverse ? up : -up];
}

/** Pointers of one small transform. */
interface Place {
  real: Local;
  imaginary: Local;
  /** Offset in the table of the twiddle factor of the second element; that of element q is q times as far. */
  turn: Local;
}

export function emitStage(f: FunctionBuilder, stage: Stage): void {
  const { n, radix, previous, real, imaginary } = stage;
  const span = previous * radix;
  const transform = radix <= largestUnrolled ? unrolled : looped;
  count(f, 0, n / span, (group) => {
    const place: Place = {
      real: f.get(real.pointer, group).i32(span * real.stride).op("i32.mul").op("i32.add").save("i32"), // prettier-ignore
      imaginary: f.get(imaginary.pointer, group).i32(span * imaginary.stride).op("i32.mul").op("i32.add").save("i32"), // prettier-ignore
      turn: f.i32(0).save("i32"),
    };
    const steps = [
      [place.real, real.stride],
      [place.imaginary, imaginary.stride],
      [place.turn, complexBytes * (n / span)],
    ] as const;
    repeat(f, previous, steps, () => transform(f, stage, place));
    f.release(place.real, place.imaginary, place.turn);
  });
}

/** All elements in locals, roots of unity as constants. */
function unrolled(f: FunctionBuilder, stage: Stage, place: Place): void {
  const { radix, previous, inverse, real, imaginary } = stage;
  const twiddle = f.get(stage.table).save("i32");
  const elements = Array.from({ length: radix }, (_, q) => {
    const element: Complex = [f.local("f64"), f.local("f64")];
    loadAt(f, place.real, real, q * previous).set(element[0]);
    loadAt(f, place.imaginary, imaginary, q * previous).set(element[1]);
    if (q > 0 && previous > 1) {
      f.get(twiddle, place.turn).op("i32.add").set(twiddle);
      multiplyBy(f, element, twiddle);
    }
    return element;
  });
  for (let p = 0; p < radix; p++) {
    const roots = elements.map((_, q) => root((q * p) % radix, radix, inverse));
    const realTerms = elements.flatMap(([x, y], q): Term[] => [
      [roots[q]![0], x],
      [-roots[q]![1], y],
    ]);
    const imaginaryTerms = elements.flatMap(([x, y], q): Term[] => [
      [roots[q]![1], x],
      [roots[q]![0], y],
    ]);
    storeAt(f, place.real, real, p * previous, () => scaled(sum(f, realTerms), stage));
    storeAt(f, place.imaginary, imaginary, p * previous, () => scaled(sum(f, imaginaryTerms), stage));
  }
  f.release(twiddle, ...elements.flat());
}

/** Elements after their twiddle factors in scratch, roots of unity from the table. */
function looped(f: FunctionBuilder, stage: Stage, place: Place): void {
  const { n, radix, previous, real, imaginary, table, scratch } = stage;
  const step = f.local("i32");
  const sources = [place.real, place.imaginary].map((pointer) => f.get(pointer).save("i32")) as Complex;
  const [twiddle, held] = [f.get(table).save("i32"), f.get(scratch).save("i32")];
  const element: Complex = [f.local("f64"), f.local("f64")];
  const along = [
    [sources[0], previous * real.stride],
    [sources[1], previous * imaginary.stride],
    [held, complexBytes],
  ] as const;
  repeat(f, radix, along, () => {
    load(f.get(sources[0]), real).set(element[0]);
    load(f.get(sources[1]), imaginary).set(element[1]);
    multiplyBy(f, element, twiddle);
    f.get(held, element[0]).mem("f64.store").get(held, element[1]).mem("f64.store", 8);
    f.get(twiddle, place.turn).op("i32.add").set(twiddle);
  });

  const total: Complex = [f.local("f64"), f.local("f64")];
  const [targets, end] = [sources, f.get(table).i32(complexBytes * n).op("i32.add").save("i32")]; // prettier-ignore
  f.get(place.real).set(targets[0]).get(place.imaginary).set(targets[1]).i32(0).set(step);
  const onward = [
    [targets[0], previous * real.stride],
    [targets[1], previous * imaginary.stride],
    [step, complexBytes * (n / radix)],
  ] as const;
  repeat(f, radix, onward, () => {
    f.get(table).set(twiddle).get(scratch).set(held).f64(0).tee(total[0]).set(total[1]);
    repeat(f, radix, [[held, complexBytes]], () => {
      f.get(held).mem("f64.load").set(element[0]).get(held).mem("f64.load", 8).set(element[1]);
      multiplyBy(f, element, twiddle);
      for (const i of [0, 1] as const) f.get(total[i], element[i]).op("f64.add").set(total[i]);
      // The root of exponent p q, modulo a full turn.
      const turned = f.get(twiddle, step).op("i32.add").save("i32");
      f.get(turned).i32(complexBytes * n).op("i32.sub").get(turned, turned, end); // prettier-ignore
      f.op("i32.ge_u").op("select").set(twiddle);
      f.release(turned);
    });
    store(scaled(f.get(targets[0], total[0]), stage), real);
    store(scaled(f.get(targets[1], total[1]), stage), imaginary);
  });
  f.release(step, ...sources, twiddle, held, ...element, ...total, end);
}

type Complex = [real: Local, imaginary: Local];
type Term = [weight: number, value: Local];

/** `element *= root`, the root at an address. */
function multiplyBy(f: FunctionBuilder, [x, y]: Complex, address: Local): void {
  const [c, s] = [f.get(address).mem("f64.load").save("f64"), f.get(address).mem("f64.load", 8).save("f64")];
  f.get(x, c).op("f64.mul").get(y, s).op("f64.mul").op("f64.sub");
  f.get(x, s).op("f64.mul").get(y, c).op("f64.mul").op("f64.add").set(y).set(x);
  f.release(c, s);
}

/** Pushes a weighted sum. The first weight is 0 or 1. */
function sum(f: FunctionBuilder, terms: readonly Term[]): FunctionBuilder {
  terms
    .filter(([weight]) => weight !== 0)
    .forEach(([weight, value], i) => {
      f.get(value);
      if (Math.abs(weight) !== 1) f.f64(Math.abs(weight)).op("f64.mul");
      if (i > 0) f.op(weight < 0 ? "f64.sub" : "f64.add");
    });
  return f;
}

function scaled(f: FunctionBuilder, { scale }: Stage): FunctionBuilder {
  return scale === 1 ? f : f.f64(scale).op("f64.mul");
}

function loadAt(f: FunctionBuilder, pointer: Local, view: View, element: number): FunctionBuilder {
  return load(f.get(pointer).i32(element * view.stride).op("i32.add"), view); // prettier-ignore
}

function storeAt(f: FunctionBuilder, pointer: Local, view: View, element: number, value: () => void): void {
  f.get(pointer).i32(element * view.stride).op("i32.add"); // prettier-ignore
  value();
  store(f, view);
}
