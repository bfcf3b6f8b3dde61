/** The ways in which a case is evaluated: eagerly, compiled, as the step of a loop of five units, and inside a scan. */
import {
  type ForwardProgram,
  type Tensor,
  compiled,
  compiledExecutor,
  grad,
  jvp,
  np,
  scan,
  traceProgram,
  vmap,
} from "./library.ts";
import { type Case, type Transform, type Way, isFloat, sizeOf } from "./case.ts";
import { callOf, rowNamed } from "./functions/index.ts";
import { tensorOf } from "./generate.ts";

type Many = (...inputs: Tensor[]) => Tensor;

/** The graph of a case as a function of its inputs. */
export function graphOf({ nodes }: Pick<Case, "nodes">): Many {
  return (...inputs) => {
    const results: Tensor[] = [];
    for (const { name, operands, options } of nodes) {
      const given = operands.map((ref) =>
        "number" in ref ? ref.number : "node" in ref ? results[ref.node]! : inputs[ref.input]!,
      );
      results.push(callOf(rowNamed(name))(given, options));
    }
    return results.at(-1)!;
  };
}

/** A fixed sequence of numbers in (-1, 1): fractional parts of multiples of sqrt 2. */
export const weights = (like: Tensor): Tensor =>
  np.array(
    Array.from({ length: sizeOf(like.shape) }, (_, i) => (((i + 1) * Math.SQRT2) % 1) * 2 - 1),
    { shape: like.shape, dtype: like.dtype },
  );

type Given = Pick<Case, "inputs" | "isMapped" | "transform">;

/** `fn` of all inputs as a function of those that are differentiated, and the inputs that they come from. */
function split({ inputs }: Given): {
  floats: number[];
  join: (floats: Tensor[], all: readonly Tensor[]) => Tensor[];
} {
  const floats = inputs.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
  const join = (own: Tensor[], all: readonly Tensor[]): Tensor[] =>
    all.map((x, i) => (floats.includes(i) ? own[floats.indexOf(i)]! : x));
  return { floats, join };
}

const weighted = (out: Tensor): Tensor => out.mul(weights(out)).sum();
const axesOf = (isMapped: readonly boolean[]): (0 | null)[] => isMapped.map((is) => (is ? 0 : null));

const makers: Readonly<Record<Transform, (fn: Many, given: Given) => (...inputs: Tensor[]) => Tensor[]>> = {
  value:
    (fn) =>
    (...xs) => [fn(...xs)],
  vmap:
    (fn, { isMapped }) =>
    (...xs) => [vmap(fn, axesOf(isMapped))(...xs)],
  vmapVmap:
    (fn, { isMapped }) =>
    (...xs) => {
      const inner = isMapped.map((_, i) => isMapped.at(i - 1)!);
      return [vmap(vmap(fn, axesOf(inner)), axesOf(isMapped))(...xs)];
    },
  grad:
    (fn, given) =>
    (...xs) => {
      const { floats, join } = split(given);
      const own = floats.map((i) => xs[i]!);
      return grad((moving: Tensor[]) => weighted(fn(...join(moving, xs))))(own);
    },
  jvp:
    (fn, given) =>
    (...xs) => {
      const { floats, join } = split(given);
      const own = floats.map((i) => xs[i]!);
      return [jvp((moving: Tensor[]) => fn(...join(moving, xs)), [own], [own.map(weights)])[1]];
    },
  vmapGrad: (fn, given) => vmap((...xs: Tensor[]) => makers.grad(fn, given)(...xs), axesOf(given.isMapped)),
  gradVmap:
    (fn, given) =>
    (...xs) => {
      const { floats, join } = split(given);
      const total = (moving: Tensor[]): Tensor => {
        const out = vmap(fn, axesOf(given.isMapped))(...join(moving, xs));
        return out.mul(out).mul(0.5).sum().add(weighted(out));
      };
      return grad(total)(floats.map((i) => xs[i]!));
    },
  jvpGrad:
    (fn, given) =>
    (...xs) => {
      const { floats, join } = split(given);
      const own = floats.map((i) => xs[i]!);
      const slope = (moving: Tensor[]): Tensor[] => makers.grad(fn, given)(...join(moving, xs));
      return jvp(slope, [own], [own.map(weights)])[1];
    },
};

export const transformed = (fn: Many, given: Given): ((...inputs: Tensor[]) => Tensor[]) =>
  makers[given.transform](fn, given);

/** Elements moved along by `shift`: no element leaves the domain of a function. */
function rolled(x: Tensor, shift: number): Tensor {
  const { size, shape, dtype } = x;
  if (size === 0) return x;
  const data = Array.from({ length: size }, (_, i) => x.data[(i + shift * 7) % size]!);
  return np.array(data, { shape, dtype });
}

const stacked = (all: readonly Tensor[]): Tensor =>
  np.array(
    all.flatMap((x) => Array.from(x.data)),
    { shape: [all.length, ...all[0]!.shape], dtype: all[0]!.dtype },
  );

const unitCount = 5;
const executor = compiledExecutor();

/** Five units with elements of their own; some inputs are shared by all. */
function inStep(
  one: Case,
  fn: (...inputs: Tensor[]) => Tensor[],
  inputs: Tensor[],
  outputs: readonly Tensor[],
): Tensor[] {
  const judged = one.index % unitCount;
  const isShared = inputs.map((_, i) => ((one.index >> i) & 3) === 3 && inputs.length > 1);
  const given = (shared: Tensor[], own: Tensor[]): Tensor[] =>
    inputs.map((_, i) => (isShared[i] === true ? shared[i]! : own[i]!));
  type Carry = { out: Tensor[] };
  const program: ForwardProgram<Tensor[], Tensor[], object, Tensor[], Carry, object, Tensor[]> = {
    name: "fuzz",
    length: 1,
    begin: (_shared, own) => ({
      members: [{ constant: own, carry: { out: outputs.map((x) => np.zeros(x.shape, { dtype: x.dtype })) } }],
      kept: {},
    }),
    step: (shared, own) => ({ out: fn(...given(shared, own)) }),
    finish: (_shared, unit, members) => ({ unit, mean: {}, each: members[0]!.carry.out }),
  };
  const units = inputs.map((x) =>
    stacked(Array.from({ length: unitCount }, (_, u) => rolled(x, u - judged + unitCount * 3))),
  );
  const { each } = executor.forward(program, inputs, fix(units, inputs, judged));
  return each.map((x) => x.slice(judged));
}

/** The judged unit has the inputs themselves. */
const fix = (units: Tensor[], inputs: Tensor[], judged: number): Tensor[] =>
  units.map((x, i) => {
    const data = Array.from(x.data);
    inputs[i]!.data.forEach((value, k) => (data[judged * inputs[i]!.size + k] = value));
    return np.array(data, { shape: x.shape, dtype: x.dtype });
  });

/** The graph inside a scan of three steps, of which one has the inputs; derivatives go through the scan. */
function inScan(one: Case, fn: Many, rows: number): Many {
  const judged = one.index % rows;
  const moving = one.inputs.map(({ dtype }) => isFloat(dtype));
  return (...inputs) => {
    const xs = inputs
      .filter((_, i) => moving[i])
      .map((x) =>
        np.stack(Array.from({ length: rows }, (_, k) => (k === judged ? x : (np.flip(x) as Tensor)))),
      );
    const [, ys] = scan(
      (k: Tensor, own: Tensor[]): [Tensor, Tensor] => {
        let next = 0;
        return [k.add(1), fn(...inputs.map((x, i) => (moving[i]! ? own[next++]! : x)))];
      },
      np.array(0),
      xs,
      { length: rows },
    );
    return ys.slice(judged);
  };
}

/** What the case gives, in one way. */
export function evaluate(one: Case, way: Way): Tensor[] {
  const inputs = one.inputs.map(tensorOf);
  const fn = transformed(graphOf(one), one);
  switch (way) {
    case "eager":
      return fn(...inputs);
    case "compiled":
      return compiled("fuzz", (...xs: Tensor[]) => fn(...xs))(...inputs);
    case "step":
      return inStep(one, fn, inputs, traceProgram("fuzz", fn, inputs).output as Tensor[]);
    case "scan": {
      const through = transformed(inScan(one, graphOf(one), 3), one);
      return one.index % 4 === 0
        ? through(...inputs)
        : compiled("fuzz", (...xs: Tensor[]) => through(...xs))(...inputs);
    }
  }
}
