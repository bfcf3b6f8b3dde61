/** One case again, with what it is and what each way gives. */
import { failureOf } from "./compare.ts";
import { decode } from "./case.ts";
import { generate } from "./generate.ts";
import { outcome } from "./outcome.ts";
import { startJudge } from "./python.ts";
import { shrunk } from "./shrink.ts";
import { sourceOf } from "./source.ts";

const shown = (numbers: Iterable<number>): string => {
  const all = Array.from(numbers);
  return all.length > 60 ? `${all.slice(0, 60).join(" ")} …` : all.join(" ");
};

/** True if every way is right. */
export async function replay(python: string, seed: number, index: number, only?: string): Promise<boolean> {
  const judge = startJudge(python);
  const one = generate(seed, index, only);
  console.log(sourceOf(one));
  const [verdict] = await judge.ask([one]);
  if (verdict!.error !== undefined) console.log(`NumPy: ${verdict!.error}`);
  for (const { shape, data, tolerance } of verdict!.outputs ?? []) {
    console.log(`NumPy [${shape.join()}]: ${shown(decode(data))}\n  within ${shown(decode(tolerance))}`);
  }
  let isRight = true;
  for (const way of one.ways) {
    const got = outcome(one, way);
    const failure = failureOf(one, way, got, verdict!);
    const text =
      got instanceof Error ? got.stack : got.map((x) => `${x.toString()} ${shown(x.data)}`).join("\n  ");
    console.log(`${way}: ${failure === undefined ? "right" : `${failure.kind}, ${failure.text}`}\n  ${text}`);
    if (failure === undefined) continue;
    isRight = false;
    const small = await shrunk(judge, one, way, failure.kind);
    if (small !== one) console.log(`smaller:\n${sourceOf(small)}`);
  }
  judge.close();
  return isRight;
}
