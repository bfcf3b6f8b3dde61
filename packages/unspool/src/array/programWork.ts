/** How much a traced program computes, counted from its equations: a measure of cost that is the same on all machines. */
import type { TracedAtom, TracedBody, TracedProgram } from "./program.ts";
import { leaves } from "./tree.ts";

type Shape = readonly number[];

const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);

/**
 * Elements that `program`, traced for `args`, computes: of an elementwise operation those of its result, of a reduction
 * those of its operand, of a product of arrays its multiplications; of a loop those of its body as often as it runs.
 */
export function programWork({ constants, body }: TracedProgram, args: readonly unknown[]): number {
  return workOf(
    body,
    [...constants, ...leaves(args)].map(({ shape }) => shape),
  );
}

function workOf({ inputs, equations }: TracedBody, shapes: readonly Shape[]): number {
  const shapeById = new Map<number, Shape>(inputs.map((id, i) => [id, shapes[i]!]));
  const shapeOf = (atom: TracedAtom): Shape => ("id" in atom ? shapeById.get(atom.id)! : []);
  let work = 0;
  for (const { primitive, params, inputs: operands, outputs, body } of equations) {
    const given = operands.map(shapeOf);
    for (const { id, shape } of outputs) shapeById.set(id, shape);
    const largest = Math.max(0, ...[...given, ...outputs.map(({ shape }) => shape)].map(sizeOf));
    if (body !== undefined) work += nestedWork(primitive, params, body, given);
    else if (primitive === "dot")
      work += sizeOf(outputs[0]!.shape) * Math.max(...given.map((shape) => shape.at(-1) ?? 1));
    else work += largest;
  }
  return work;
}

/** A loop's body sees one row of each of its xs. */
function nestedWork(
  primitive: string,
  params: Readonly<Record<string, unknown>>,
  body: TracedBody,
  given: readonly Shape[],
): number {
  if (primitive !== "scan") return workOf(body, given);
  const { length, numConsts, numCarry } = params as { length: number; numConsts: number; numCarry: number };
  return (
    length *
    workOf(
      body,
      given.map((shape, i) => (i < numConsts + numCarry ? shape : shape.slice(1))),
    )
  );
}
