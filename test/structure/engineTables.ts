/** The tables of `docs/engine.md`, made from what the engine says of itself. */
import { type PrimitiveKind, mathErrorBounds, primitiveKinds } from "unspool/engine";

/** What becomes of each kind; the order of the table. */
const meanings: Record<PrimitiveKind, string> = {
  elementwise: "fused with its neighbours into one loop over vectors",
  view: "folded into the strides of whoever reads it; no kernel",
  reduction: "fused into the loop that makes its operand",
  product: "a register-tiled kernel of its own",
  assembly: "parts are computed where they stand in the whole",
  routine: "a function of the module, called per matrix or row",
  loop: "a loop in the program over the kernels of its body",
  program: "inlined",
};

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

export function primitivesTable(): string {
  const names = (kind: string): string =>
    Object.keys(primitiveKinds)
      .filter((name) => primitiveKinds[name] === kind)
      .map((name) => `\`${name}\``)
      .join(", ");
  return [
    row(["kind", "becomes", "primitives"]),
    row(["---", "---", "---"]),
    ...Object.entries(meanings).map(([kind, meaning]) => row([kind, meaning, names(kind)])),
  ].join("\n");
}

export function mathTable(): string {
  return [
    row(["function", "f32, ulp", "f64, ulp", "where"]),
    row(["---", "--:", "--:", "---"]),
    ...Object.entries(mathErrorBounds).map(([name, { ulp32, ulp64, domain }]) =>
      row([`\`${name}\``, String(ulp32), String(ulp64), domain.replaceAll("|", "\\|")]),
    ),
  ].join("\n");
}
