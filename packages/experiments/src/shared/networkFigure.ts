/** The network that a search has found, as a figure: nodes in columns, edges in the colour of the weight that they share. */
import type { Figure, NetworkDrawing, Series } from "unspool";

export function networkFigure(
  id: string,
  title: string,
  caption: string,
  { nodes, edges }: NetworkDrawing,
): Figure {
  const groups = [...new Set(edges.map(({ group }) => group))].toSorted((a, b) => (a ?? -1) - (b ?? -1));
  const lines = groups.map((group): Series => {
    const own = edges.filter((edge) => edge.group === group);
    return {
      name: group === null ? "edges" : `weight ${group + 1}: ${own[0]!.weight.toPrecision(3)}`,
      // What is not finite is a gap between two lines.
      x: own.flatMap(({ from, to }) => [nodes[from]!.x, nodes[to]!.x, Number.NaN]),
      y: own.flatMap(({ from, to }) => [nodes[from]!.y, nodes[to]!.y, Number.NaN]),
    };
  });
  const dots: Series = {
    name: "nodes",
    kind: "dots",
    x: nodes.map(({ x }) => x),
    y: nodes.map(({ y }) => y),
  };
  return {
    id,
    title,
    caption,
    x: { label: "layer" },
    y: { label: "nodes of the layer" },
    series: [...lines, dots],
  };
}
