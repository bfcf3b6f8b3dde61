/** Cells whose own code threw, which is no result: the cell begins again from its last checkpoint. */
import { UnspoolError } from "../../errors.ts";
import { isInstance, sentence } from "../userCode.ts";
import type { StudyResult } from "./runStudy.ts";
import { studyResumeLine } from "./studyStore.ts";

export interface BrokenCell {
  id: string;
  error: UnspoolError;
}

/** What is wrong with the study or its folder, and not with one cell. */
const ofStudy: ReadonlySet<string> = new Set(["STORE", "RESUME", "USAGE", "FOLDER"]);

/** Whether the other cells can go on. */
export function isOfCell(error: unknown): error is UnspoolError {
  return isInstance(error, UnspoolError) && !ofStudy.has(error.code);
}

/** All cells that could run have run and are summarised, and the code of some threw. `cause` is what the first threw. */
export class CellError extends UnspoolError {
  /** The study without those cells. */
  readonly result: StudyResult;
  /** Those cells, with what each threw. */
  readonly broken: readonly BrokenCell[];
  constructor(result: StudyResult, broken: readonly BrokenCell[]) {
    const [first, ...others] = broken as readonly [BrokenCell, ...BrokenCell[]];
    const more = others.length === 0 ? "" : ` So did ${others.map(({ id }) => id).join(", ")}.`;
    // What throws after a checkpoint says how to go on.
    const isToldHow = first.error.details["resume"] !== undefined;
    super(
      first.error.code,
      `${result.study}, cell ${JSON.stringify(first.id)}: its code threw.${more} The other cells have run and are summarised. ` +
        `${sentence(first.error.message)}${isToldHow ? "" : ` Once it is mended, ${studyResumeLine(result.store)} begins it again.`}`,
      { ...first.error.details, cell: first.id, broken: broken.map(({ id }) => id) },
    );
    this.cause = first.error;
    this.result = result;
    this.broken = broken;
  }
}
