/**
 * State that does not change is not state. A leaf that every step returns as it came in, and that starts as an array that
 * `init` has at hand, has one value for all units at all times: users of JAX carry data in the state by habit. Estimators
 * work with the problem without such leaves, which are constants of its program then, shared by all units.
 *
 * Values are read off the program of `init`, never computed: it may be asked for in the middle of a trace, where nothing
 * can be. So a start that takes operations to make remains state, though it depends on neither theta nor the key.
 */
import {
  type Tensor,
  type TracedAtom,
  type TracedEquation,
  type TracedProgram,
  random,
  tensorOf,
  tree,
} from "../array/index.ts";
import { type ErasedProblem, emptyState, tracedStart, tracedStep } from "./problem.ts";

/** The constant leaves of a state by path, and the structure of a state with them. */
interface Constants {
  readonly whole: unknown;
  readonly values: ReadonlyMap<string, Tensor>;
}

/** The problem without the leaves of its state that do not change. */
export function changingState(problem: ErasedProblem): ErasedProblem {
  if (!problem.isTraceable) return problem;
  // By the shapes of theta: a memo, because finding them takes traces of the step.
  const known = new Map<string, Constants>();
  const constantsFor = (theta: unknown): Constants => {
    const shapes = tree.entries(theta).map(([path, { shape, dtype }]) => `${path}:${dtype}[${shape.join()}]`);
    const signature = shapes.join();
    const constants = known.get(signature) ?? findConstants(problem, tree.zerosLike(theta));
    known.set(signature, constants);
    return constants;
  };
  return {
    ...problem,
    whole: { problem, without: (theta, state) => withoutConstants(constantsFor(theta), state, theta) },
    init: (theta, key) => withoutConstants(constantsFor(theta), problem.init(theta, key), theta),
    step(theta, state, context) {
      const constants = constantsFor(theta);
      const { state: next, loss } = problem.step(theta, withConstants(constants, state), context);
      return { state: withoutConstants(constants, next, theta), loss };
    },
    ...(problem.finalLoss && {
      finalLoss: (theta, state, batch) =>
        problem.finalLoss!(theta, withConstants(constantsFor(theta), state), batch),
    }),
  };
}

/** A record of the leaves that may change, by path; the state as it is where all may. */
function withoutConstants({ values }: Constants, state: unknown, theta: unknown): unknown {
  if (values.size === 0) return state;
  const leaves = tree.entries(tree.tensors(state as object, tree.floatType(theta)));
  return Object.fromEntries(leaves.filter(([path]) => !values.has(path)));
}

function withConstants({ whole, values }: Constants, state: unknown): unknown {
  if (values.size === 0) return state;
  const leaves = new Map(tree.entries(state));
  // By the key, not by the path: a record of leaves has no deeper ones, whatever dots their names have.
  return tree.mapWithPath((path) => values.get(path) ?? leaves.get(path)!, whole);
}

const allChange: Constants = { whole: undefined, values: new Map() };

function findConstants(problem: ErasedProblem, theta: unknown): Constants {
  const key = random.key(0);
  const starts = valuesAtHand(tracedStart(problem, theta, key));
  // No constant start, no constant leaf: the step need not be looked at.
  if (starts.size === 0) return allChange;
  const whole = emptyState(problem, theta, key);
  const kept = keptLeaves(tracedStep(problem, theta, whole, key), theta, whole);
  const paths = tree.entries(whole).map(([path]) => path);
  const values = new Map([...starts].filter(([path]) => kept.has(path)));
  // Of a state that never changes something stays, to tell units by; and names that paths do not tell apart stay too.
  const isPlain = new Set(paths).size === paths.length;
  if (!isPlain || values.size === 0 || values.size === paths.length) return allChange;
  return { whole, values };
}

/** By path the outputs that are constants of the program, or those in the other precision. */
function valuesAtHand({ body, constants, output }: TracedProgram): Map<string, Tensor> {
  const makers = new Map(body.equations.flatMap((made) => made.outputs.map(({ id }) => [id, made])));
  const valueOf = (atom: TracedAtom): Tensor | undefined => {
    if (!("id" in atom)) return tree.scalar(atom.value, atom.dtype);
    const given = body.inputs.indexOf(atom.id);
    if (given >= 0) return constants[given];
    const maker = makers.get(atom.id);
    const from = maker?.primitive === "cast" ? valueOf(maker.inputs[0]!) : undefined;
    return from && inPrecision(from, maker!);
  };
  const paths = tree.entries(output).map(([path]) => path);
  return new Map(
    paths.flatMap((path, i) => {
      const value = valueOf(body.outputs[i]!);
      return value === undefined ? [] : [[path, value] as const];
    }),
  );
}

/** `from` in the dtype of a cast's output; undefined but from floats to floats. */
function inPrecision({ data, shape, dtype }: Tensor, { outputs }: TracedEquation): Tensor | undefined {
  const to = outputs[0]!.dtype;
  if (to === "float64" && dtype === "float32") return tensorOf(Float64Array.from(data), shape, to);
  if (to === "float32" && dtype === "float64") return tensorOf(Float32Array.from(data), shape, to);
  return undefined;
}

/** Paths of the leaves of the state that the step returns as they came in. */
function keptLeaves({ body, constants, output }: TracedProgram, theta: unknown, state: unknown): Set<string> {
  const first = constants.length + tree.leaves(theta).length;
  const inputs = new Map(tree.entries(state).map(([path], i) => [`state.${path}`, body.inputs[first + i]]));
  const isKept = (atom: TracedAtom, path: string): boolean => "id" in atom && inputs.get(path) === atom.id;
  const paths = pathsWhere(output, body.outputs, isKept);
  return new Set(paths.map((path) => path.slice("state.".length)));
}

function pathsWhere(
  output: unknown,
  atoms: readonly TracedAtom[],
  holds: (atom: TracedAtom, path: string) => boolean,
): string[] {
  const paths = tree.entries(output).map(([path]) => path);
  return paths.filter((path, i) => holds(atoms[i]!, path));
}
