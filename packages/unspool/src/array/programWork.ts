/** How much a traced program computes, counted from its equations: a measure of cost that is the same on all machines. */
import type { TracedAtom, TracedBody, TracedEquation, TracedProgram } from "./program.ts";
import { leaves } from "./tree.ts";

type Shape = readonly number[];

const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);

/**
 * Elements that `program`, traced for `args`, computes: of an elementwise operation those of its result, of a reduction
 * those of its operand, of a product of arrays its multiplications, of a gather what it picks; of a loop those of its
 * body as often as it runs.
 */
export function programWork({ constants, body }: TracedProgram, args: readonly unknown[]): number {
  const given = [...constants, ...leaves(args)];
  return workOf(
    body,
    given.map(({ shape }) => shape),
    given.map((_, i) => i >= constants.length),
  );
}

/** `varies`: inputs that are not constants; what is made of constants alone is made once, and does not count. */
function workOf(traced: TracedBody, shapes: readonly Shape[], varies: readonly boolean[]): number {
  const { inputs } = traced;
  const equations = liveEquations(traced);
  const varying = new Set(inputs.filter((_, i) => varies[i]));
  const shapeById = new Map<number, Shape>(inputs.map((id, i) => [id, shapes[i]!]));
  const shapeOf = (atom: TracedAtom): Shape => ("id" in atom ? shapeById.get(atom.id)! : []);
  let work = 0;
  for (const { primitive, params, inputs: operands, outputs, body } of equations) {
    const given = operands.map(shapeOf);
    for (const { id, shape } of outputs) shapeById.set(id, shape);
    const varyingOperands = operands.map((atom) => "id" in atom && varying.has(atom.id));
    if (operands.length > 0 && !varyingOperands.includes(true)) continue;
    for (const { id } of outputs) varying.add(id);
    const largest = Math.max(0, ...[...given, ...outputs.map(({ shape }) => shape)].map(sizeOf));
    if (body !== undefined) work += nestedWork(primitive, params, body, given, varyingOperands);
    else if (primitive === "gather") work += sizeOf(outputs[0]!.shape);
    else if (primitive === "dot")
      work += sizeOf(outputs[0]!.shape) * Math.max(...given.map((shape) => shape.at(-1) ?? 1));
    else work += largest;
  }
  return work;
}

/** Equations of which something reaches a result: compilers leave out the others, as the keys that a step never uses. */
function liveEquations({ equations, outputs }: TracedBody): readonly TracedEquation[] {
  const idsOf = (atoms: readonly TracedAtom[]): number[] =>
    atoms.flatMap((atom) => ("id" in atom ? [atom.id] : []));
  const wanted = new Set(idsOf(outputs));
  const live: TracedEquation[] = [];
  for (const equation of equations.toReversed()) {
    if (!equation.outputs.some(({ id }) => wanted.has(id))) continue;
    for (const id of idsOf(equation.inputs)) wanted.add(id);
    live.push(equation);
  }
  return live.toReversed();
}

/** A loop's body sees one row of each of its xs. */
function nestedWork(
  primitive: string,
  params: Readonly<Record<string, unknown>>,
  body: TracedBody,
  given: readonly Shape[],
  varies: readonly boolean[],
): number {
  if (primitive !== "scan") return workOf(body, given, varies);
  const { length, numConsts, numCarry } = params as { length: number; numConsts: number; numCarry: number };
  return (
    length *
    workOf(
      body,
      given.map((shape, i) => (i < numConsts + numCarry ? shape : shape.slice(1))),
      given.map((_, i) => i >= numConsts || varies[i]!),
    )
  );
}
