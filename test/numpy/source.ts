/** A case as TypeScript that a user could have written. */
import { type Case, type Input, type Ref } from "./case.ts";
import { rowNamed } from "./functions/index.ts";

const number = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

export function inputSource({ dtype, shape, data }: Input): string {
  const numbers =
    data.length > 40 ? [...data.slice(0, 8).map(number), `… ${data.length} elements`] : data.map(number);
  return `np.array([${numbers.join(", ")}], { shape: [${shape.join(", ")}], dtype: "${dtype}" })`;
}

export function sourceOf(one: Case): string {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
  const name = (ref: Ref): string =>
    "number" in ref ? number(ref.number) : "input" in ref ? names[ref.input]! : `r${ref.node}`;
  const parameters = one.inputs.map((_, i) => names[i]).join(", ");
  const lines = one.nodes.map(({ name: row, operands, options }, i) => {
    const text = rowNamed(row)
      .ours.replace(/\b([xyzw])\b(?!:)/g, (letter) =>
        name(operands["xyzw".indexOf(letter)] ?? { number: NaN }),
      )
      .replace(/\bo\.(\w+)/g, (_, key: string) => JSON.stringify(options[key]) ?? "undefined");
    return i === one.nodes.length - 1 ? text : `const r${i} = ${text}; `;
  });
  const body = lines.length === 1 ? lines[0]! : `{ ${lines.slice(0, -1).join("")}return ${lines.at(-1)!}; }`;
  const mapped = /vmap/i.test(one.transform) ? `, mapped ${JSON.stringify(one.isMapped)}` : "";
  return [
    ...one.inputs.map((input, i) => `const ${names[i]} = ${inputSource(input)};`),
    `const f = (${parameters}) => ${body};   // ${one.transform}${mapped}`,
  ].join("\n");
}
