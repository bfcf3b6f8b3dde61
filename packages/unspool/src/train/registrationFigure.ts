/** What a curvature method makes of a network, as a figure: each parameter with its size, its block, or that it is left out. */
import type { ParameterReport, RegistrationReport } from "../optimizers/index.ts";
import type { Figure, FigureBar } from "./figure.ts";

const words: Readonly<Record<ParameterReport["treatment"], string>> = {
  kronecker: "a Kronecker product",
  gradients: "second moments of gradients",
  diagonal: "in no layer: a diagonal",
  sgd: "in no layer: the plain gradient",
  fixed: "not trained",
};

/**
 * One bar for each parameter, as long as it has numbers, by what its block is made of; what is in no layer comes last. Every
 * run by `objectiveDescent` has it in its report, where the optimizer looks at layers (`kfac`, `kfacSimple`, `foof`,
 * `naturalGradient`).
 *
 * @example
 * figures: () => [registrationFigure(kfac().registrationReport(theta, objective))],
 */
export function registrationFigure({ parameters, blocks }: RegistrationReport): Figure {
  const order = new Map(blocks.map(({ name }, i) => [name, i]));
  const place = ({ block }: ParameterReport): number =>
    block === undefined ? blocks.length : order.get(block)!;
  const kinds = new Map(blocks.map(({ name, kind }) => [name, kind]));
  const bars = parameters
    .toSorted((a, b) => place(a) - place(b))
    .map(({ path, shape, treatment, block, isUsedOutside }): FigureBar => {
      const within = block === undefined ? "" : block === path ? kinds.get(block)! : `with ${block}`;
      const note = [`[${shape.join(", ")}]`, within, isUsedOutside ? "and outside" : ""];
      return {
        label: path === "" ? "theta" : path,
        value: shape.reduce((product, n) => product * n, 1),
        group: words[treatment],
        note: note.filter((word) => word !== "").join(" "),
      };
    });
  const sizeOf = (some: readonly ParameterReport[]): number =>
    some.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  const inside = parameters.filter(({ block }) => block !== undefined);
  const size = sizeOf(inside);
  const rest = sizeOf(parameters) - size;
  const outside = parameters.some(({ isUsedOutside }) => isUsedOutside)
    ? ' "and outside": the network uses it outside of its layer too, which its block does not see.'
    : "";
  return {
    id: "parameter-blocks",
    title: "Parameters and their blocks",
    caption: `${blocks.length} blocks of the approximate Fisher information, of ${size} numbers; ${rest} are in no block.${outside}`,
    x: { label: "numbers", scale: "log" },
    y: { label: "parameter" },
    series: [],
    bars,
  };
}
